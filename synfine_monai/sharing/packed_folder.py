"""A packed bundle put where it shall lie: a folder and a zip of it, both whole or not there at all."""

import os
import secrets
import shutil
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from synfine_monai.errors import ScanError
from synfine_monai.files import atomic_file
from synfine_monai.sharing.packed_bundle import (
    MANIFEST,
    MOST_BYTES,
    MOST_FILES,
    SIGNATURE,
    bytes_allowed,
    list_files,
    read_manifest,
)

THE_EPOCH_OF_ZIP = (1980, 1, 1, 0, 0, 0)
REGULAR_FILE = 0o100644 << 16
COMPRESSED = (".gz", ".png")
READ_NO_LINK = os.O_RDONLY | sum(getattr(os, flag, 0) for flag in ("O_NOFOLLOW", "O_NONBLOCK", "O_BINARY"))


@contextmanager
def new_bundle_folder(output_dir: Path, name: str) -> Iterator[Path]:
    """Give an empty folder; when the block ends well it becomes ``output_dir/name``, with ``name.zip`` beside it.

    A packed bundle of that name is replaced, and any other thing is left as it is.

    Args:
        output_dir: exists.
        name: of the bundle.

    Raises:
        ScanError: if something else lies there already, or the disk is full.
    """
    final, archive = output_dir / name, output_dir / f"{name}.zip"
    _refuse_other_things(final, archive)
    around = output_dir / f".{name}.{secrets.token_hex(4)}"
    try:
        (around / name).mkdir(parents=True)
        yield around / name
        write_zip(around / name, around / archive.name)
        archive.unlink(missing_ok=True)  # never an old zip beside a new folder
        if final.exists():
            final.rename(around / "replaced")
        (around / name).rename(final)
        (around / archive.name).rename(archive)
    except OSError as error:
        raise ScanError(f"{final} could not be written: {error.strerror or error}.") from error
    finally:
        shutil.rmtree(around, ignore_errors=True)


def write_zip(folder: Path, path: Path, top: str | None = None, quick: bool = False) -> Path:
    """Zip a folder under its own name, or ``top``; the same files give the same bytes, on any day and any system.

    Args:
        folder: what is zipped.
        path: of the zip.
        top: name of the one folder in it.
        quick: whether to leave out the compression.

    Raises:
        ScanError: if the folder holds too much, or anything but files and folders.
    """
    names, left = list_files(folder), MOST_BYTES
    if not 0 < len(names) <= MOST_FILES:
        raise ScanError(f"the folder is empty, or has more than {MOST_FILES} files.")
    with atomic_file(path) as temporary, zipfile.ZipFile(temporary, "w") as archive:
        for name in names:
            entry = zipfile.ZipInfo(f"{top or folder.name}/{name}", THE_EPOCH_OF_ZIP)
            entry.create_system, entry.external_attr = 3, REGULAR_FILE  # as on Unix, wherever it is made
            stored = quick or name.endswith(COMPRESSED)
            entry.compress_type = zipfile.ZIP_STORED if stored else zipfile.ZIP_DEFLATED
            content = _read(folder, name, left)
            left -= len(content)
            archive.writestr(entry, content, compresslevel=9)
    return path


def _read(folder: Path, name: str, most: int) -> bytes:
    """Bytes of a file that is no link and leads through none."""
    parts = [folder.joinpath(*Path(name).parts[:n]) for n in range(1, len(Path(name).parts) + 1)]
    if any(part.is_symlink() for part in parts):
        raise ScanError(f"{name} is a link.")
    if not parts[-1].is_file():
        raise ScanError(f"{name} is neither a file nor a folder.")
    with open(os.open(parts[-1], READ_NO_LINK), "rb") as file:
        content = file.read(min(most, bytes_allowed(name)) + 1)
    if len(content) > min(most, bytes_allowed(name)):
        raise ScanError(f"{name} has more bytes than the {bytes_allowed(name):,} of such a file, or all have too many.")
    return content


def _refuse_other_things(folder: Path, archive: Path) -> None:
    if folder.is_symlink() or (folder.exists() and not _is_packed_bundle(folder)):
        raise ScanError(f"{folder} exists already and is no packed bundle: choose another --name or --output_dir.")
    if archive.is_symlink() or (archive.exists() and not _is_zip_of(archive, folder.name)):
        raise ScanError(f"{archive} exists already and is no packed bundle: choose another --name or --output_dir.")


def _is_packed_bundle(folder: Path) -> bool:
    """A manifest, and nothing that it does not list, which somebody may want to keep."""
    if not folder.is_dir():
        return False
    try:
        listed = {*read_manifest(folder).files, MANIFEST, SIGNATURE}
    except ScanError:
        return False
    return set(list_files(folder)) <= listed


def _is_zip_of(path: Path, name: str) -> bool:
    try:
        with zipfile.ZipFile(path) as archive:
            return f"{name}/{MANIFEST}" in archive.namelist()
    except (OSError, zipfile.BadZipFile):
        return False
