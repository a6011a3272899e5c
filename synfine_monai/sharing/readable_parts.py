"""The parts of a bundle's files in which a word can stand: text, pickles, headers, the text chunks of pictures."""

import gzip
import re
import zipfile
from pathlib import Path

from PIL import Image

STORAGE = re.compile(r".*/data/\d+")  # numbers of a tensor
NIFTI_HEADER = 352  # bytes, with the flag that says whether extensions follow


def readable_parts(path: Path) -> str:
    """Whatever of a file can hold words, as text; bytes that are no text are kept one for one (Latin-1).

    Args:
        path: weights (``.pt``, ``.ts``), ``.nii.gz``, ``.png``, or anything else, which is taken whole.
    """
    if path.suffix in (".pt", ".ts"):
        return _of_archive(path)
    if path.suffix == ".gz":
        return _of_nifti(path.read_bytes())
    if path.suffix == ".png":
        with Image.open(path) as picture:
            picture.load()  # text may follow the pixels
            return " ".join(f"{key} {value}" for key, value in picture.info.items())
    content = path.read_bytes()
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        return content.decode("latin-1")


def _of_archive(path: Path) -> str:
    with zipfile.ZipFile(path) as archive:
        entries = [entry for entry in archive.infolist() if not STORAGE.fullmatch(entry.filename)]
        texts = [f"{entry.filename} {archive.read(entry).decode('latin-1')}" for entry in entries]
        return " ".join([archive.comment.decode("latin-1"), *texts])


def _of_nifti(content: bytes) -> str:
    """Header of the image, and the name and comment that gzip keeps before the compressed bytes."""
    flags, start = content[3], content[10:266]
    around = start if flags & 0b11100 else b""
    return (around + gzip.decompress(content)[:NIFTI_HEADER]).decode("latin-1")
