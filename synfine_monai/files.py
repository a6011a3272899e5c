"""Files that appear whole or not at all."""

import errno
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from synfine_monai.errors import ScanError

__all__ = ["atomic_file"]

_FULL = (errno.ENOSPC, errno.EDQUOT) if hasattr(errno, "EDQUOT") else (errno.ENOSPC,)


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
