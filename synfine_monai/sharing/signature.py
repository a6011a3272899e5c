"""Who made a packed bundle: a detached Ed25519 signature of its manifest, by the library ``cryptography``."""

import base64
import hashlib
import json
import tempfile
from pathlib import Path
from typing import Any

from monai.utils import optional_import

from synfine_monai.errors import ScanError
from synfine_monai.files import atomic_file
from synfine_monai.sharing.checks.zip_entries import unpack
from synfine_monai.sharing.packed_bundle import MANIFEST, SIGNATURE, TEXT_BYTES, parse_json
from synfine_monai.sharing.packed_folder import write_zip

ed25519, HAS_CRYPTOGRAPHY = optional_import("cryptography.hazmat.primitives.asymmetric.ed25519")
serialization, _ = optional_import("cryptography.hazmat.primitives.serialization")

ALGORITHM = "ed25519"


def make_keys(private_file: str | Path) -> tuple[Path, Path]:
    """Make a pair of keys: ``private_file`` (PEM, readable by its owner alone) and the same name with ``.pub``.

    Raises:
        ScanError: if one of the files exists, or ``cryptography`` is not installed.
    """
    _require_library()
    private_file = Path(private_file)
    public_file = private_file.with_name(private_file.name + ".pub")
    if taken := [file for file in (private_file, public_file) if file.exists()]:
        raise ScanError(f"{taken[0]} exists already: a key is never replaced.")
    key = ed25519.Ed25519PrivateKey.generate()
    encoding, private = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    content = key.private_bytes(encoding, private, serialization.NoEncryption())
    with atomic_file(private_file) as temporary:
        temporary.touch(mode=0o600, exist_ok=False)
        temporary.write_bytes(content)
    public = key.public_key().public_bytes(encoding, serialization.PublicFormat.SubjectPublicKeyInfo)
    with atomic_file(public_file) as temporary:
        temporary.write_bytes(public)
    return private_file, public_file


def sign_manifest(folder: str | Path, private_file: str | Path) -> str:
    """Write ``manifest.sig`` beside the manifest of a packed bundle's folder; the same key gives the same bytes.

    Returns:
        The key's fingerprint.

    Raises:
        ScanError: if there is no manifest, or no key in ``private_file``.
    """
    _require_library()
    folder = Path(folder)
    try:
        key = serialization.load_pem_private_key(Path(private_file).read_bytes(), password=None)
        content = (folder / MANIFEST).read_bytes()
    except (OSError, ValueError, TypeError) as error:
        raise ScanError(f"{folder} cannot be signed with {private_file}: {error}.") from error
    if not isinstance(key, ed25519.Ed25519PrivateKey):
        raise ScanError(f"{private_file} is a key of another kind: make one with `synfine keys`.")
    public = key.public_key().public_bytes_raw()
    said = {"algorithm": ALGORITHM, "public_key": _text(public), "signature": _text(key.sign(content))}
    with atomic_file(folder / SIGNATURE) as temporary:
        temporary.write_text(json.dumps(said, indent=1) + "\n", encoding="utf-8")
    return fingerprint(public)


def sign_bundle(path: str | Path, private_file: str | Path) -> str:
    """Put ``manifest.sig`` into a packed bundle, folder or zip.

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
        mark = sign_manifest(bundle.folder, private_file)
        write_zip(bundle.folder, path)
    return mark


def verify_manifest(folder: str | Path, public_file: str | Path | None = None) -> str:
    """Verify ``manifest.sig`` of a packed bundle's folder.

    Args:
        folder: holds both files.
        public_file: the key that must have signed it, PEM or 32 raw bytes in base64; None takes the signature's own,
            which tells damage but not who signed.

    Returns:
        The key's fingerprint.

    Raises:
        ScanError: if the signature is not of this manifest, was made with another key, or cannot be read.
    """
    _require_library()
    said = parse_json(_read(Path(folder) / SIGNATURE), SIGNATURE)
    if not isinstance(said, dict) or said.get("algorithm") != ALGORITHM:
        raise ScanError(f"{SIGNATURE} is no {ALGORITHM} signature.")
    public, signed = _bytes(said.get("public_key"), 32), _bytes(said.get("signature"), 64)
    if public_file is not None and (wanted := _read_public(Path(public_file))) != public:
        raise ScanError(f"{SIGNATURE} was made with another key ({fingerprint(public)}) than {public_file} "
                        f"({fingerprint(wanted)}).")  # fmt: skip
    try:
        ed25519.Ed25519PublicKey.from_public_bytes(public).verify(signed, _read(Path(folder) / MANIFEST))
    except Exception as error:  # InvalidSignature, or no point of the curve
        raise ScanError(f"{SIGNATURE} is not the signature of this {MANIFEST}: one of them was changed.") from error
    return fingerprint(public)


def fingerprint(public_key: bytes) -> str:
    """Short name of a raw public key, to be compared by telephone."""
    digest = hashlib.sha256(public_key).hexdigest()[:32]
    return ":".join(digest[i : i + 4] for i in range(0, 32, 4))


def _read_public(file: Path) -> bytes:
    content = _read(file)
    try:
        if not content.lstrip().startswith(b"-----"):
            return _bytes(content.decode().strip(), 32)
        key = serialization.load_pem_public_key(content)
        if isinstance(key, ed25519.Ed25519PublicKey):
            return key.public_bytes_raw()
    except ValueError as error:
        raise ScanError(f"{file} holds no Ed25519 public key.") from error
    raise ScanError(f"{file} holds no Ed25519 public key.")


def _read(file: Path) -> bytes:
    try:
        with open(file, "rb") as opened:
            return opened.read(TEXT_BYTES)
    except OSError as error:
        raise ScanError(f"{file} cannot be read ({error.strerror}).") from error


def _bytes(text: Any, count: int) -> bytes:
    try:
        content = base64.b64decode(text, validate=True)
    except (TypeError, ValueError):
        content = b""
    if len(content) != count:
        raise ScanError(f"{SIGNATURE} or the key file does not hold {count} bytes in base64 where it should.")
    return content


def _text(content: bytes) -> str:
    return base64.b64encode(content).decode()


def _require_library() -> None:
    if not HAS_CRYPTOGRAPHY:
        raise ScanError("signatures need the library `cryptography`: pip install cryptography.")
