"""The weights of a packed bundle, taken out of its zip by the check, which runs as a program of its own."""

import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path

from synfine_monai.errors import ScanError

TAKE = (sys.executable, "-m", "synfine_monai.sharing", "take")
"""Rooms import downwards, and the check stands above this one: it is called as anybody would call it."""


def open_packed(path: Path) -> Path:
    """Path of the ``model.pt`` of a packed bundle, its ``model.json`` beside it, in a folder of this process.

    Nothing else of the bundle is taken, and nothing of it is evaluated.

    Raises:
        ScanError: if the zip is refused.
    """
    status = path.stat()
    return Path(_take(path, status.st_mtime_ns, status.st_size).name) / "model.pt"


@cache
def _take(path: Path, _changed: int, _size: int) -> tempfile.TemporaryDirectory:
    folder = tempfile.TemporaryDirectory(prefix="synfine_packed_")
    done = subprocess.run([*TAKE, str(path), folder.name], capture_output=True, text=True, check=False)
    if done.returncode:
        folder.cleanup()
        last = (done.stderr.strip().splitlines() or ["the check ended without an answer."])[-1]
        raise ScanError(last.removeprefix("ScanError: "))
    return folder
