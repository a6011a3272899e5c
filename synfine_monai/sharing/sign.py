"""Sign a packed bundle, folder or zip, so that its receiver can tell who made it."""

import os
import shutil
import tempfile
import zipfile
from pathlib import Path

from synfine_monai.errors import ScanError
from synfine_monai.files import atomic_file
from synfine_monai.sharing.checks.zip_entries import unpack
from synfine_monai.sharing.packed_bundle import SIGNATURE
from synfine_monai.sharing.signature import sign_manifest

__all__ = ["sign_bundle"]


def sign_bundle(path: str | Path, private_file: str | Path) -> str:
    """Put ``manifest.sig`` into a packed bundle.

    Returns:
        The key's fingerprint.

    Raises:
        ScanError: if there is no bundle, it is damaged, or a zip that is signed already.
    """
    path = Path(path)
    if path.is_dir():
        return sign_manifest(path, private_file)
    if not path.is_file():
        raise ScanError(f"{path} does not exist: give the folder or the zip of a packed bundle.")
    with tempfile.TemporaryDirectory(prefix="synfine_sign_") as temporary:
        bundle, findings = unpack(path, Path(temporary))
        if bundle is None:
            raise ScanError(f"{path} cannot be signed: {findings[0]}.")
        if SIGNATURE in bundle.files:
            raise ScanError(f"{path} is signed already: pack it anew to sign it with another key.")
        fingerprint = sign_manifest(bundle.folder, private_file)
        entry = zipfile.ZipInfo(f"{bundle.folder.name}/{SIGNATURE}")  # of 1980: the same key gives the same bytes
        entry.external_attr = 0o100644 << 16
        with atomic_file(path) as copy:
            shutil.copyfile(path, copy)
            with zipfile.ZipFile(copy, "a") as archive:
                archive.writestr(entry, bundle.read(SIGNATURE))
            os.chmod(copy, path.stat().st_mode & 0o777)
    return fingerprint
