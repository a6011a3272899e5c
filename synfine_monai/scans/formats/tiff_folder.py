"""A folder with one TIFF a slice, in the natural order of the numbers in their names."""

import re
from collections import Counter
from pathlib import Path

import numpy as np
from tifffile import imwrite

from synfine_monai.errors import ScanError
from synfine_monai.scans.base import Scan, ScanInfo, plain_library
from synfine_monai.scans.formats.table import FORMATS
from synfine_monai.scans.formats.tiff import TiffScan
from synfine_monai.scans.formats.tiff_voxel_size import imagej_description, tiff_page_options
from synfine_monai.scans.sink import ScanSink

EXTENSIONS = FORMATS["tiff"].extensions


class TiffFolderScan(Scan):
    """Slices of one scan, one TIFF each; other files in the folder are ignored.

    Raises:
        ScanError: without TIFFs, with gaps in the numbering, or with slices that differ in shape or type.
    """

    def __init__(self, path: Path) -> None:
        files = slice_files(path)
        first = _slice_info(files[0])
        for file in files[1:]:
            other = _slice_info(file)
            if (other.shape, other.dtype) != (first.shape, first.dtype):
                raise ScanError(
                    f"{path.name}: {file.name} is {_says(other)}, but {files[0].name} is {_says(first)}; "
                    "slices of one scan have one shape and type."
                )
        layout = {**first.layout, "names": tuple(file.name for file in files)}
        super().__init__(
            ScanInfo(
                path,
                "tiff_folder",
                (len(files), *first.shape[1:]),
                first.dtype,
                first.voxel_size_um,
                first.affine,
                layout,
            )
        )

    def _read(self, start: int, stop: int) -> np.ndarray:
        slab = np.empty((stop - start, *self.shape[1:]), self.dtype)
        for z in range(start, stop):
            file = self.info.path / self.info.layout["names"][z]
            with _opened(file) as scan:
                slab[z - start] = scan.read(0, 1)[0]
        return slab

    def _refuse_non_finite(self, slab: np.ndarray, start: int) -> None:
        """Each slice was checked under its own name."""


class TiffFolderSink(ScanSink):
    """A folder of TIFFs that carry the names of the source's slices; channels become pages."""

    def _begin(self) -> None:
        if self.path.exists() and (not self.path.is_dir() or any(not _is_slice(file) for file in self.path.iterdir())):
            raise ScanError(f"{self.path} exists and holds more than slices; choose another --output_dir.")
        self.partial.mkdir()

    def _append(self, slab: np.ndarray) -> None:
        slices = slab if self.channels is None else np.moveaxis(slab, 0, 1)
        names = self.like.layout.get("names") or [f"slice_{z:05d}.tif" for z in range(self.shape[0])]
        description = imagej_description(self.like, 1, self.channels)
        for name, image in zip(names[self._written :], slices, strict=False):
            imwrite(self.partial / name, image, description=description, **tiff_page_options(self.like))

    def _finish(self) -> None:
        """Every slice is complete already."""


def slice_files(folder: Path) -> list[Path]:
    """The TIFFs of a folder in the order of the one number that differs between their names.

    Raises:
        ScanError: if there are none, their names differ in more than a number, or a number is missing.
    """
    files = sorted(file for file in folder.iterdir() if _is_slice(file))
    if not files:
        raise ScanError(f"{folder} holds no TIFF slices ({', '.join(EXTENSIONS)}).")
    if len(files) == 1:
        return files
    parts = {file: re.split(r"(\d+)", file.stem) for file in files}
    usual, _ = Counter(tuple(one[::2]) for one in parts.values()).most_common(1)[0]
    odd = next((file for file in files if tuple(parts[file][::2]) != usual), None)
    if odd is not None:
        other = next(file for file in files if tuple(parts[file][::2]) == usual and file != odd)
        raise ScanError(
            f"{folder.name}: {odd.name} and {other.name} differ in more than a number; keep the slices of "
            "one scan in a folder."
        )
    numbers = {file: tuple(int(digits) for digits in parts[file][1::2]) for file in files}
    varying = [place for place, values in enumerate(zip(*numbers.values(), strict=True)) if len(set(values)) > 1]
    if len(varying) != 1:
        raise ScanError(
            f"{folder.name}: {files[0].name} and {files[-1].name} differ in {len(varying)} numbers; the "
            "slices of one scan differ in one."
        )
    place = varying[0]
    files.sort(key=lambda file: numbers[file][place])
    _refuse_gaps(folder, files, [numbers[file][place] for file in files])
    return files


def _refuse_gaps(folder: Path, files: list[Path], numbers: list[int]) -> None:
    for before, after, low, high in zip(files, files[1:], numbers, numbers[1:], strict=False):
        if high == low:
            raise ScanError(f"{folder.name}: {before.name} and {after.name} have the same number; keep one of them.")
        if high > low + 1:
            missing = f"slice {low + 1} is" if high == low + 2 else f"slices {low + 1} to {high - 1} are"
            raise ScanError(
                f"{folder.name}: {missing} missing between {before.name} and {after.name}; add or renumber slices."
            )


def _is_slice(file: Path) -> bool:
    return file.suffix.lower() in EXTENSIONS and not file.name.startswith(".") and file.is_file()


def _opened(file: Path) -> TiffScan:
    name = f"{file.parent.name}/{file.name}"
    with plain_library(f"{name} cannot be read as TIFF, it is cut short or damaged") as errors:
        try:
            return TiffScan(file, errors)
        except FileNotFoundError as problem:
            raise ScanError(f"{name} was removed or moved while it was read: put it back and start again.") from problem


def _slice_info(file: Path) -> ScanInfo:
    with _opened(file) as scan:
        if scan.shape[0] != 1:
            raise ScanError(
                f"{file.parent.name}/{file.name} holds {scan.shape[0]} pages; give a stack by itself, and "
                "a folder with one slice a file."
            )
        return scan.info


def _says(info: ScanInfo) -> str:
    return f"{info.shape[2]}×{info.shape[1]} {info.dtype}"
