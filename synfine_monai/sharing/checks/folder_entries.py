"""A folder copied file by file, so that what is checked is what runs: links are refused, and sizes are limited."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from synfine_monai.sharing import packed_bundle
from synfine_monai.sharing.checks.names import judge_names, judge_path, stranger
from synfine_monai.sharing.checks.received import Received

__all__ = ["copy_folder"]

NAME_OF_NAMELESS = "bundle"
READ_NO_LINK = os.O_RDONLY | sum(getattr(os, flag, 0) for flag in ("O_NOFOLLOW", "O_NONBLOCK", "O_BINARY"))


def copy_folder(path: Path, into: Path) -> tuple[Received | None, list[str]]:
    """Copy a bundle's folder into the empty folder ``into``.

    Returns:
        The bundle, and findings; no bundle where there are findings.
    """
    source = path.resolve()
    packed = (source / packed_bundle.MANIFEST).exists() or (source / packed_bundle.MANIFEST).is_symlink()
    names, findings = [], []
    for file, kind in _walk(source):
        name = file.relative_to(source).as_posix()
        names.append(name)
        if len(names) > packed_bundle.MOST_FILES:
            return None, [f"the folder has more than {packed_bundle.MOST_FILES} files"]
        if kind == stat.S_IFLNK:
            findings.append(f"{name} is a link")
        elif kind != stat.S_IFREG:
            findings.append(f"{name} is neither a file nor a folder")
        elif text := judge_path(name) or stranger(name, packed):
            findings.append(text)
    findings += judge_names(names)
    if not names:
        findings.append("the folder is empty")
    if findings:
        return None, findings
    target = into / (source.name if packed_bundle.is_slug(source.name) else NAME_OF_NAMELESS)
    for name in names:
        if text := _copy_one(source / name, target / name, packed_bundle.bytes_allowed(name)):
            findings.append(f"{name} {text}")
    if findings:
        return None, findings
    manifest = target / packed_bundle.MANIFEST
    fingerprint = packed_bundle.hash_file(manifest).sha256 if packed else None
    return Received(target, tuple(sorted(names)), packed, fingerprint), []


def _walk(folder: Path) -> Iterator[tuple[Path, int]]:
    """Everything under a folder but its folders, with the kind of file; links are not followed."""
    for here, folders, files in os.walk(folder, followlinks=False):
        for name in sorted([*files, *folders]):
            kind = stat.S_IFMT((Path(here) / name).lstat().st_mode)
            if kind != stat.S_IFDIR:
                yield Path(here) / name, kind


def _copy_one(source: Path, target: Path, most: int) -> str | None:
    """Copy one file; what is wrong with it if it cannot be, or None."""
    left = most
    try:
        handle = os.open(source, READ_NO_LINK)
    except OSError as error:
        return f"cannot be read ({error.strerror})"
    target.parent.mkdir(parents=True, exist_ok=True)
    with os.fdopen(handle, "rb") as read, open(target, "xb") as write:
        if not stat.S_ISREG(os.fstat(read.fileno()).st_mode):
            return "is no file any more"
        while block := read.read(1 << 20):
            left -= len(block)
            if left < 0:
                return f"has more bytes than the {most:,} of such a file"
            write.write(block)
    return None
