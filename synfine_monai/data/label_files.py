"""Which label file belongs to which scan or slice."""

from collections.abc import Collection
from itertools import pairwise
from pathlib import Path

from synfine_monai.data.datalist import Item
from synfine_monai.data.scan import format_of, open_scan
from synfine_monai.data.scan_tiff_folder import EXTENSIONS
from synfine_monai.errors import ScanError

__all__ = ["paired_items"]

LABEL_EXTENSIONS = (*EXTENSIONS, ".png")


def paired_items(scan: Path, labels: Path, fov: Path | None = None) -> tuple[Item, ...]:
    """The scan with its label volume, or each slice that has a label file of its name, whatever its ending.

    Args:
        scan: scan file, or a folder with one TIFF a slice.
        labels: label volume; for a folder of slices also a folder with label files of some of them, TIFF or PNG.
        fov: mask of the field of view, or None to find it.

    Raises:
        ScanError: if label files are missing, belong to no slice, or number their classes by unlike palettes.
    """
    single = Item(scan, labels, fov, scan.name, scan.name)
    if not _is_slice_folder(labels):
        return (single,)
    files = _label_files(labels)
    if not _is_slice_folder(scan):
        _refuse_some_slices(scan, labels, len(files))
        return (single,)
    slices = {path.stem: path for path in _images(scan, EXTENSIONS)}
    unknown = next((file for file in files if file.stem not in slices), None)
    if unknown is not None:
        raise ScanError(
            f"{unknown} labels no slice: {scan} holds no {unknown.stem}.tif; name label files as their slices."
        )
    _refuse_unlike_palettes([file for file in files if file.suffix.lower() == ".png"])
    return tuple(Item(slices[file.stem], file, fov, scan.name, file.name) for file in files)


def _is_slice_folder(path: Path) -> bool:
    return path.is_dir() and format_of(path) == "tiff_folder"


def _images(folder: Path, extensions: Collection[str]) -> list[Path]:
    found = (path for path in folder.iterdir() if path.suffix.lower() in extensions)
    return sorted(path for path in found if not path.name.startswith(".") and path.is_file())


def _label_files(folder: Path) -> list[Path]:
    files = _images(folder, LABEL_EXTENSIONS)
    if not files:
        endings = sorted({path.suffix or path.name for path in folder.iterdir()})
        holds = f"it holds {', '.join(endings[:5])}" if endings else "it is empty"
        raise ScanError(f"{folder} must hold slices of labels as {', '.join(LABEL_EXTENSIONS)}, but {holds}.")
    for before, after in pairwise(files):
        if before.stem == after.stem:
            raise ScanError(f"{folder}: {before.name} and {after.name} label the same slice; keep one of them.")
    return files


def _refuse_some_slices(scan: Path, labels: Path, count: int) -> None:
    """A folder's names say nothing about a volume, unless they are all of its slices."""
    with open_scan(scan) as volume:
        depth = volume.shape[0]
    if count != depth:
        raise ScanError(
            f"{labels} holds {count} slice(s), but {scan} is one volume of {depth}, and which belongs to which is not "
            "known; save the labels as a volume of the scan's shape, or the scan as a folder of slices too."
        )


def _refuse_unlike_palettes(files: list[Path]) -> None:
    """Programs that sort a palette by how often a colour comes give one class many numbers."""
    longest, known = b"", None
    for file in files:
        with open_scan(file) as label:
            palette = label.info.layout.get("palette", b"")
        shared = min(len(palette), len(longest))
        if palette[:shared] != longest[:shared]:
            raise ScanError(
                f"{file.name} and {known} number their colours differently, so that one class may have two numbers; "
                "save all labels as grey levels, one for each class."
            )
        if len(palette) > len(longest):
            longest, known = palette, file.name
