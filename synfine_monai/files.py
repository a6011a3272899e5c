"""Files that appear whole or not at all."""

import errno
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from synfine_monai.errors import ScanError

__all__ = ["atomic_file", "named_path"]

_FULL = (errno.ENOSPC, errno.EDQUOT) if hasattr(errno, "EDQUOT") else (errno.ENOSPC,)


def named_path(path: Path | str) -> Path:
    """An absolute path under its own name: a link to another file (git-annex, DVC) is not followed, its folder is.

    A leading ``~/`` is the home folder.
    """
    path = Path(path)
    path = path.expanduser() if path.parts[:1] == ("~",) else path
    return path.parent.resolve() / path.name if path.name not in ("", "..") else path.resolve()


@contextmanager
def atomic_file(path: Path | str) -> Iterator[Path]:
    """Give a temporary name in the same folder; it becomes ``path`` when the block ends well, and vanishes otherwise.

    The temporary name keeps the suffix of ``path``, for writers that choose the format by it.

    Raises:
        ScanError: if the folder is missing or not writable, or the disk is full.
    """
    path = Path(path)
    temporary = path.with_name(f".{path.stem}.{secrets.token_hex(4)}{path.suffix}")
    try:
        yield temporary
        os.replace(temporary, path)
    except OSError as error:
        if error.errno in _FULL:
            raise ScanError(f"{path} could not be written: no space is left on the disk.") from error
        if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOENT, errno.ENOTDIR):
            raise ScanError(f"{path} could not be written: {error.strerror} in {path.parent}.") from error
        raise
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
