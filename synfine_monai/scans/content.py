"""What a file or folder is by what it holds, where its name does not say."""

from pathlib import Path

from synfine_monai.scans.formats.slice_names import is_slice
from synfine_monai.scans.formats.table import FORMATS

HDF5_MAGIC, HDF5_BLOCKS = b"\x89HDF\r\n\x1a\n", (0, 512, 1024, 2048)
"""How HDF5 begins, and where: a header of something else may stand before it, as in MATLAB's files."""
DICOM_MAGIC = b"DICM"
LOG = "a log, and not the volume: give the file or folder that it describes"
UNREAD = {
    **dict.fromkeys(
        (".txm", ".txrm", ".xrm"), "Zeiss's own format: export TIFF or DICOM with the instrument's software"
    ),
    **dict.fromkeys((".vgi", ".xtekct", ".pca", ".pcr", ".info", ".log"), LOG),
    **dict.fromkeys((".vgl", ".isq", ".am", ".pcd"), "another program's own format: export TIFF or DICOM with it"),
    ".json": "no image; a dataset.json goes to --datalist",
}
"""Extensions of what people give and no format here reads -> what it is, and what to do."""
LOOKED_AT = 3
"""Files of a folder without known extensions that are opened."""


def format_of_content(file: Path) -> str | None:
    """The format that a file's first bytes say, or None."""
    with open(file, "rb") as opened:
        head = opened.read(HDF5_BLOCKS[-1] + len(HDF5_MAGIC))
    if any(head[block:].startswith(HDF5_MAGIC) for block in HDF5_BLOCKS):
        return "hdf5"
    return "dicom" if head[128:132] == DICOM_MAGIC else None


def holds_dicom(folder: Path) -> bool:
    """Whether a folder holds more DICOM files than images; their names often have no extension."""
    files = [file for file in folder.iterdir() if not file.name.startswith(".")]
    named = sum(file.suffix.lower() in FORMATS["dicom"].extensions for file in files)
    images = sum(is_slice(file) for file in files)
    if named or images:
        return named > images
    return any(format_of_content(file) == "dicom" for file in sorted(files)[:LOOKED_AT] if file.is_file())
