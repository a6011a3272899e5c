"""A file for libraries that cannot bear a full disk: it keeps the error for later and goes on as if nothing was."""

import os
from io import FileIO
from pathlib import Path
from typing import Any


class PatientFile(FileIO):
    """Read and written by a library such as HDF5, which crashes when a write fails while it closes.

    After the first error nothing more is written; ``raise_error`` says so.

    Args:
        path: the file, made anew.
    """

    def __init__(self, path: Path) -> None:
        super().__init__(path, "w+")
        self._error: OSError | None = None

    def write(self, data: Any) -> int:
        """Write all of ``data``, or nothing after an error."""
        rest = memoryview(data).cast("B")
        size = len(rest)
        try:
            while rest and self._error is None:
                rest = rest[super().write(rest) :]
        except OSError as problem:
            self._error = problem
        return size

    def truncate(self, size: int | None = None) -> int:
        """Cut or extend the file."""
        try:
            return super().truncate(size)
        except OSError as problem:
            self._error = self._error or problem
            return size or 0

    def raise_error(self) -> None:
        """Raise the first error, if there was one."""
        if self._error is not None:
            raise OSError(self._error.errno, os.strerror(self._error.errno or 0)) from self._error
