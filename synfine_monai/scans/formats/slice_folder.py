"""A folder with one image a slice, in the natural order of the numbers in their names: TIFF, PNG, BMP or JPEG."""

from pathlib import Path

import numpy as np
from tifffile import imwrite

from synfine_monai.errors import ScanError
from synfine_monai.scans.base import Scan, ScanInfo, plain_library
from synfine_monai.scans.formats.picture import PictureScan
from synfine_monai.scans.formats.slice_names import TIFF, is_slice, pick_slices
from synfine_monai.scans.formats.tiff import TiffScan
from synfine_monai.scans.formats.tiff_voxel_size import imagej_description, tiff_page_options
from synfine_monai.scans.sink import ScanSink


class SliceFolderScan(Scan):
    """Slices of one scan, one image each; previews and images of other kinds are left out, which a note says.

    Raises:
        ScanError: without images, with gaps in the numbering, or with slices that differ in shape or type.
    """

    def __init__(self, path: Path) -> None:
        files, left = pick_slices(path, _shape)
        first = _slice_info(files[0])
        sizes = {first.voxel_size_um}
        for file in files[1:]:
            other = _slice_info(file)
            _refuse_unlike(path, files[0], first, file, other)
            sizes.add(other.voxel_size_um)
        names = ", ".join(file.name for file in left[:3]) + (f" and {len(left) - 3} more" if len(left) > 3 else "")
        notes = (*first.notes, f"{names} left out: a preview, or another kind of image.") if left else first.notes
        size, affine = first.voxel_size_um, first.affine
        if None not in sizes and np.ptp(list(sizes), axis=0).max() > 1e-3 * min(min(sizes)):
            size, affine = None, np.eye(4)
            notes = (*notes, "its slices state different voxel sizes: unknown.")
        layout = {**first.layout, "names": tuple(file.name for file in files)}
        shape = (len(files), *first.shape[1:])
        super().__init__(ScanInfo(path, "slice_folder", shape, first.dtype, size, affine, layout, notes=notes))

    def _read(self, start: int, stop: int) -> np.ndarray:
        slab = np.empty((stop - start, *self.shape[1:]), self.dtype)
        for z in range(start, stop):
            file = self.info.path / self.info.layout["names"][z]
            with _opened(file) as scan:
                slab[z - start] = scan.read(0, 1)[0]
        return slab

    def _refuse_non_finite(self, slab: np.ndarray, start: int) -> None:
        """Each slice was checked under its own name."""


class SliceFolderSink(ScanSink):
    """A folder of TIFFs that carry the names of the source's slices; channels become pages."""

    def _begin(self) -> None:
        if self.path.exists() and (
            not self.path.is_dir() or any(not is_slice(file, TIFF) for file in self.path.iterdir())
        ):
            raise ScanError(f"{self.path} exists and holds more than slices; choose another --output_dir.")
        self.partial.mkdir()

    def _append(self, slab: np.ndarray) -> None:
        slices = slab if self.channels is None else np.moveaxis(slab, 0, 1)
        given = self.like.layout.get("names") or [f"slice_{z:05d}.tif" for z in range(self.shape[0])]
        names = [name if Path(name).suffix.lower() in TIFF else f"{Path(name).stem}.tif" for name in given]
        description = imagej_description(self.like, 1, self.channels)
        for name, image in zip(names[self._written :], slices, strict=False):
            imwrite(self.partial / name, image, description=description, **tiff_page_options(self.like))

    def _finish(self) -> None:
        """Every slice is complete already."""


def slice_files(folder: Path) -> list[Path]:
    """The slices of a folder in their order.

    Raises:
        ScanError: as ``pick_slices``.
    """
    return pick_slices(folder, _shape)[0]


def _refuse_unlike(folder: Path, file: Path, info: ScanInfo, other_file: Path, other: ScanInfo) -> None:
    if (other.shape, other.dtype) != (info.shape, info.dtype):
        raise ScanError(
            f"{folder.name}: {other_file.name} is {_says(other)}, but {file.name} is {_says(info)}; "
            "slices of one scan have one shape and type."
        )
    colours, others = (each.layout.get("indices", b"") for each in (info, other))
    shared = min(len(colours), len(others))
    unlike = bool(colours) != bool(others) or colours[:shared] != others[:shared]
    if unlike or other.layout.get("shown") != info.layout.get("shown"):
        raise ScanError(
            f"{folder.name}: {other_file.name} and {file.name} show their grey levels by different scales (inverted, "
            "or by palettes of their own), so that one number means two levels; save all as plain grey levels."
        )


def _opened(file: Path) -> Scan:
    name = f"{file.parent.name}/{file.name}"
    kind = "TIFF" if file.suffix.lower() in TIFF else file.suffix[1:].upper()
    with plain_library(f"{name} cannot be read as {kind}, it is cut short or damaged") as errors:
        try:
            return TiffScan(file, errors) if kind == "TIFF" else PictureScan(file)
        except FileNotFoundError as problem:
            raise ScanError(f"{name} was removed or moved while it was read: put it back and start again.") from problem


def _slice_info(file: Path) -> ScanInfo:
    with _opened(file) as scan:
        if scan.shape[0] != 1:
            raise ScanError(
                f"{file.parent.name}/{file.name} holds {scan.shape[0]} pages; give a stack, or one file of "
                "an OME-TIFF in several files, by itself, and a folder with one slice a file."
            )
        return scan.info


def _shape(file: Path) -> tuple[int, ...]:
    return _slice_info(file).shape


def _says(info: ScanInfo) -> str:
    return f"{info.shape[2]}×{info.shape[1]} {info.dtype}"
