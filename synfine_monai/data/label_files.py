"""Which label file belongs to which slice of a scan."""

from collections.abc import Collection
from itertools import pairwise
from pathlib import Path

from synfine_monai.errors import ScanError
from synfine_monai.scans import FORMATS, format_of, slice_files

__all__ = ["is_slice_folder", "label_files", "label_files_of_slices"]

EXTENSIONS = FORMATS["tiff"].extensions
LABEL_EXTENSIONS = (*EXTENSIONS, *FORMATS["png"].extensions)


def is_slice_folder(path: Path) -> bool:
    """Whether ``path`` is a folder of slices, and neither a file nor a Zarr store."""
    return path.is_dir() and format_of(path) == "tiff_folder"


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
