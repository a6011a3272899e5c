"""A bundle packed for sharing, format version 1: its files, their limits, and the manifest that vouches for them."""

import hashlib
import json
import math
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import synfine_monai
from synfine_monai.errors import ScanError
from synfine_monai.files import atomic_file

FORMAT = "synfine_monai bundle"
FORMAT_VERSION = 1

MANIFEST, SIGNATURE = "manifest.json", "manifest.sig"
LICENSE, PROVENANCE = "LICENSE", "provenance.json"
METADATA, INFERENCE, LOGGING = "configs/metadata.json", "configs/inference.yaml", "configs/logging.conf"
MODEL_WEIGHTS, MODEL_INFO = "models/model.pt", "models/model.json"
MODEL_CARD = "docs/README.md"
TEST_INPUT, EXPECTED_LABELS = "test/input.nii.gz", "test/expected_labels.nii.gz"
REQUIRED_FILES = (LICENSE, METADATA, INFERENCE, LOGGING, MODEL_WEIGHTS, MODEL_INFO, MODEL_CARD, PROVENANCE, TEST_INPUT,
                  EXPECTED_LABELS)  # fmt: skip
"""Besides the manifest itself."""
FIGURE = re.compile(r"figures/[A-Za-z0-9][A-Za-z0-9_-]{0,79}\.png")
SLUG = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")

MOST_FILES = 200
MOST_BYTES = 300_000_000  # of all files together, unpacked
WEIGHTS_BYTES, TEXT_BYTES, FIGURE_BYTES, TEST_BYTES = 200_000_000, 1_000_000, 10_000_000, 10_000_000


@dataclass(frozen=True)
class Record:
    """What the manifest says of one file: SHA-256 in hex, and its size in bytes."""

    sha256: str
    bytes: int


@dataclass(frozen=True)
class Manifest:
    """Content of ``manifest.json``: who made the bundle, and its files by relative POSIX path."""

    format_version: int
    created_with: str
    files: Mapping[str, Record]


def is_slug(name: str) -> bool:
    """Whether ``name`` can be a packed bundle's: small letters, digits, ``_`` and ``-``, at most 64."""
    return SLUG.fullmatch(name) is not None


def is_known_file(name: str) -> bool:
    """Whether a packed bundle may hold a file of this relative POSIX path."""
    return name in (MANIFEST, SIGNATURE, *REQUIRED_FILES) or FIGURE.fullmatch(name) is not None


def bytes_allowed(name: str) -> int:
    """Most bytes that the file ``name`` of a packed bundle may have."""
    if name.startswith("models/") and name != MODEL_INFO:
        return WEIGHTS_BYTES
    if name.startswith("figures/"):
        return FIGURE_BYTES
    return TEST_BYTES if name.startswith("test/") else TEXT_BYTES


def list_files(folder: str | Path) -> list[str]:
    """Relative POSIX paths of all files under ``folder``, links included but not followed, in order."""
    folder = Path(folder)
    return sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_symlink() or not p.is_dir())


def hash_file(path: str | Path) -> Record:
    """SHA-256 and size of a file."""
    with open(path, "rb") as file:
        return Record(hashlib.file_digest(file, "sha256").hexdigest(), file.tell())


def write_manifest(folder: str | Path) -> Path:
    """Write ``manifest.json`` of all files that lie in ``folder`` now; the same files give the same bytes.

    Raises:
        ScanError: if one of them does not belong into a packed bundle, or one is missing.
    """
    folder = Path(folder)
    names = [name for name in list_files(folder) if name not in (MANIFEST, SIGNATURE)]
    if strange := [name for name in names if not is_known_file(name)]:
        raise ScanError(f"{folder / strange[0]} does not belong into a packed bundle.")
    if missing := [name for name in REQUIRED_FILES if name not in names]:
        raise ScanError(f"{folder} lacks {missing[0]}, which a packed bundle must hold.")
    content = {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "created_with": f"synfine_monai {synfine_monai.__version__}",
        "files": {name: vars(hash_file(folder / name)) for name in names},
    }
    with atomic_file(folder / MANIFEST) as temporary:
        temporary.write_bytes((json.dumps(content, indent=1, sort_keys=True) + "\n").encode())
    return folder / MANIFEST


def read_manifest(folder: str | Path) -> Manifest:
    """The manifest of a packed bundle's folder.

    Raises:
        ScanError: if it is missing, is no manifest, was made by a newer version, or an entry has another form.
    """
    path = Path(folder) / MANIFEST
    try:
        with open(path, "rb") as file:
            content = file.read(TEXT_BYTES + 1)
    except OSError as error:
        raise ScanError(f"{path} cannot be read ({error.strerror}): this is not a packed bundle.") from error
    if len(content) > TEXT_BYTES:
        raise ScanError(f"{path} has more than {TEXT_BYTES:,} bytes: no manifest is that long.")
    read = parse_json(content, MANIFEST)
    if not isinstance(read, dict) or read.get("format") != FORMAT:
        raise ScanError(f'{MANIFEST} does not say "format": "{FORMAT}": it is not the manifest of a packed bundle.')
    version, made_with = read.get("format_version"), str(read.get("created_with", "an unknown program"))[:80]
    if type(version) is not int or version < 1:
        raise ScanError(f"{MANIFEST} has the format version {str(version)[:40]!r}, which is no version.")
    if version > FORMAT_VERSION:
        raise ScanError(
            f"{MANIFEST} has format {version}: made by a newer synfine_monai ({made_with}), but this one reads format "
            f"{FORMAT_VERSION}; install that version."
        )
    if not isinstance(files := read.get("files"), dict):
        raise ScanError(f"{MANIFEST} has no list of files.")
    return Manifest(version, made_with, {name: _record(name, entry) for name, entry in files.items()})


def parse_json(content: bytes, name: str) -> Any:
    """JSON as a bundle may hold it: UTF-8, each key once, no NaN or infinity.

    Raises:
        ScanError: naming the file and what is wrong with it.
    """
    try:
        return json.loads(content.decode("utf-8"), object_pairs_hook=_once, parse_constant=_finite, parse_float=_finite)
    except RecursionError as error:
        raise ScanError(f"{name} is nested too deeply.") from error
    except ValueError as error:
        raise ScanError(f"{name} is not the JSON that a bundle may hold: {error}.") from error


def _record(name: str, entry: Any) -> Record:
    digest, size = (entry.get("sha256"), entry.get("bytes")) if isinstance(entry, dict) else (None, None)
    if not isinstance(digest, str) or not re.fullmatch(r"[0-9a-f]{64}", digest) or type(size) is not int or size < 0:
        raise ScanError(f"{MANIFEST}: the entry of {name!r} is not a SHA-256 and a size.")
    return Record(digest, size)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if twice := [key for key, count in Counter(key for key, _ in pairs).items() if count > 1]:
        raise ValueError(f"the key {twice[0]!r} is there twice")
    return dict(pairs)


def _finite(word: str) -> float:
    if not math.isfinite(number := float(word)):
        raise ValueError(f"it holds {word[:40]}, which is no finite number")
    return number
