"""A packed bundle put where it shall lie: a folder and a zip of it, both whole or not there at all."""

import secrets
import shutil
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from synfine_monai.errors import ScanError
from synfine_monai.files import atomic_file
from synfine_monai.sharing.packed_bundle import MANIFEST, SIGNATURE, list_files, read_manifest

__all__ = ["new_bundle_folder", "write_zip"]

THE_EPOCH_OF_ZIP = (1980, 1, 1, 0, 0, 0)
REGULAR_FILE = 0o100644 << 16
COMPRESSED = (".gz", ".png")


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


def write_zip(folder: Path, path: Path) -> Path:
    """Zip a folder under its own name; the same files give the same bytes, on any day and any system."""
    with atomic_file(path) as temporary, zipfile.ZipFile(temporary, "w") as archive:
        for name in list_files(folder):
            entry = zipfile.ZipInfo(f"{folder.name}/{name}", THE_EPOCH_OF_ZIP)
            entry.create_system, entry.external_attr = 3, REGULAR_FILE  # as on Unix, wherever it is made
            entry.compress_type = zipfile.ZIP_STORED if name.endswith(COMPRESSED) else zipfile.ZIP_DEFLATED
            archive.writestr(entry, (folder / name).read_bytes(), compresslevel=9)
    return path


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
