"""Labels of a scan as a volume of its shape, also where they are files of a few slices in a folder."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np

from synfine_monai.conventions import UNLABELLED
from synfine_monai.data.label_orientation import suggested_way
from synfine_monai.data.slicer_segmentation import SlicerSegmentation, is_segmentation
from synfine_monai.data.task import Item
from synfine_monai.data.whole_labels import as_whole_labels
from synfine_monai.errors import ScanError
from synfine_monai.scans import FORMATS, Scan, ScanInfo, format_of, open_scan, slice_files
from synfine_monai.survey import DrawnLabels, place_labels

EXTENSIONS = FORMATS["tiff"].extensions
LABEL_EXTENSIONS = (*EXTENSIONS, *FORMATS["png"].extensions)


class SliceLabels(DrawnLabels):
    """Label files of some slices as a volume of the scan's shape; 255 ("not labelled") in all other slices.

    Only the files of the slices that are asked for are read.

    Args:
        folder: the folder of labels.
        files: label file, TIFF or PNG, by index z of its slice, ascending.
        scan_slices: the scan's own slices, one TIFF each, in their order.

    Raises:
        ScanError: if a label file is no image of a slice's size, or numbers its classes by another palette.
    """

    def __init__(self, folder: Path, files: Mapping[int, Path], scan_slices: Sequence[Path]) -> None:
        self.files = dict(files)
        infos = [_header(file) for file in self.files.values()]
        size = _header(scan_slices[0]).shape[1:]
        for z, info in zip(self.files, infos, strict=True):
            _check_size(info, size, scan_slices[z])
        _refuse_unlike_palettes(infos)
        dtype = np.result_type(np.uint8, *(info.dtype for info in infos))
        info = ScanInfo(folder, "slice_folder", (len(scan_slices), *size), dtype, None)
        super().__init__(info, list(files), UNLABELLED)

    def _read(self, start: int, stop: int) -> np.ndarray:
        slab = np.full((stop - start, *self.shape[1:]), UNLABELLED, self.dtype)
        for z in range(start, stop):
            if z in self.files:
                with as_whole_labels(open_scan(self.files[z])) as labels:
                    slab[z - start] = labels.read(0, 1)[0]
        return slab


def open_labels(item: Item) -> Scan:
    """Open the labels of an item for reading by windows of slices.

    Args:
        item: an item with a label: a volume of the image's shape, or one that its header places on the image; for a
            folder of slices also a folder with label files of some of them, under the same names.

    Raises:
        ScanError: if label files are missing, or their names, sizes, palettes or places do not fit.
    """
    if not is_slice_folder(item.label):
        labels = (
            SlicerSegmentation(item.label) if is_segmentation(item.label) else as_whole_labels(open_scan(item.label))
        )
        return place_labels(labels, _header(item.image))
    if is_slice_folder(item.image):
        return SliceLabels(item.label, label_files_of_slices(item.image, item.label), slice_files(item.image))
    _refuse_some_slices(item.image, item.label)
    return as_whole_labels(open_scan(item.label))


def refuse_unlike_shapes(item: Item, scan: Scan, labels: Scan) -> None:
    """Refuse labels that do not lie on their scan voxel by voxel.

    Raises:
        ScanError: naming both shapes.
    """
    if scan.shape != labels.shape:
        raise ScanError(
            f"{item.image} is {scan.shape} voxels (z, y, x), but its labels {item.label} are {labels.shape}"
            f"{suggested_way(scan, labels)}."
        )


def drawn_depths(labels: Scan) -> Sequence[int]:
    """Indices z of the slices that may carry a label; a volume says so of all."""
    return labels.drawn if isinstance(labels, DrawnLabels) else range(labels.shape[0])


def label_file(item: Item, labels: Scan, z: int) -> Path:
    """The file that labels slice ``z``, for errors."""
    return labels.files.get(z, item.label) if isinstance(labels, SliceLabels) else item.label


def _header(file: Path) -> ScanInfo:
    with open_scan(file) as image:
        return image.info


def _check_size(label: ScanInfo, size: tuple[int, int], scan_slice: Path) -> None:
    if label.shape == (1, *size):
        return
    pages, height, width = label.shape
    found = f"{height}×{width} voxels (y, x)" if pages == 1 else f"{pages} pages of {height}×{width} voxels (y, x)"
    raise ScanError(f"{label.path} is {found}, but its slice {scan_slice.name} is {size[0]}×{size[1]}.")


def _refuse_some_slices(scan: Path, labels: Path) -> None:
    """A folder's names say nothing about a volume, unless they are all of its slices."""
    count, depth = len(label_files(labels)), _header(scan).shape[0]
    if count != depth:
        raise ScanError(
            f"{labels} holds {count} slice(s), but {scan} is one volume of {depth}, and which belongs to which is not "
            "known; save the labels as a volume of the scan's shape, or the scan as a folder of slices too."
        )


def _refuse_unlike_palettes(labels: Iterable[ScanInfo]) -> None:
    """Programs that sort a palette by how often a colour comes give one class many numbers."""
    longest, known = b"", ""
    for label in labels:
        palette = label.layout.get("palette", b"")
        shared = min(len(palette), len(longest))
        if palette[:shared] != longest[:shared]:
            raise ScanError(
                f"{label.path.name} and {known} number their colours differently, so that one class may have two "
                "numbers; save all labels as grey levels, one for each class."
            )
        if len(palette) > len(longest):
            longest, known = palette, label.path.name


def is_slice_folder(path: Path) -> bool:
    """Whether ``path`` is a folder of slices, and neither a file nor a Zarr store."""
    return path.is_dir() and format_of(path) == "slice_folder"


def label_files(folder: Path) -> list[Path]:
    """The TIFFs and PNGs of a folder by name.

    Raises:
        ScanError: if there are none, or two label the same slice.
    """
    files = _images(folder, LABEL_EXTENSIONS)
    if not files:
        endings = sorted({path.suffix or path.name for path in folder.iterdir()})
        holds = f"it holds {', '.join(endings[:5])}" if endings else "it is empty"
        raise ScanError(f"{folder} must hold slices of labels as {', '.join(LABEL_EXTENSIONS)}, but {holds}.")
    for before, after in pairwise(files):
        if before.stem == after.stem:
            raise ScanError(f"{folder}: {before.name} and {after.name} label the same slice; keep one of them.")
    return files


def label_files_of_slices(scan: Path, labels: Path) -> dict[int, Path]:
    """Label file by index z of its slice: that of the slice's name, whatever its ending.

    TIFFs under other names are taken in their order if there is one for each slice.

    Args:
        scan: folder with one TIFF a slice.
        labels: folder with label files of some of them, TIFF or PNG.

    Raises:
        ScanError: if label files are missing, belong to no slice or to the same one.
    """
    files = label_files(labels)
    depths = {path.stem: z for z, path in enumerate(slice_files(scan))}
    unknown = [file for file in files if file.stem not in depths]
    if len(unknown) == len(depths) == len(_images(labels, EXTENSIONS)):
        return dict(enumerate(slice_files(labels)))
    if unknown:
        raise ScanError(
            f"{unknown[0]} labels no slice: {scan} holds no {unknown[0].stem}.tif; name label files as their slices."
        )
    return dict(sorted((depths[file.stem], file) for file in files))


def _images(folder: Path, extensions: Collection[str]) -> list[Path]:
    found = (path for path in folder.iterdir() if path.suffix.lower() in extensions)
    return sorted(path for path in found if not path.name.startswith(".") and path.is_file())
