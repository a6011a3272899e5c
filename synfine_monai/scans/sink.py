"""What every writer of a format has in common: slabs in z order, and a name that appears when all is there."""

import os
import shutil
from abc import ABC, abstractmethod
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np

from synfine_monai.errors import ScanError
from synfine_monai.scans.base import ScanInfo, one_line


class ScanSink(ABC):
    """A scan that is being written, slab by slab in z order. A context manager.

    It grows under a temporary name beside ``path`` and takes its name when the block ends without an error; after an
    error nothing is left.

    Args:
        path: the file or folder to write; its folder is made where it is missing.
        like: the scan whose shape, voxel size and layout are kept.
        dtype: of the voxels written.
        channels: None for (d, H, W) slabs; a number for (channels, d, H, W) slabs.

    Raises:
        ScanError: if it cannot be written, does not fit on the disk, or gets slabs of another shape or number.
        ValueError: for integers that ``dtype`` cannot hold.
    """

    def __init__(self, path: Path, like: ScanInfo, dtype: np.dtype, channels: int | None = None) -> None:
        self.path, self.like = Path(path), like
        self.dtype, self.channels, self.shape = np.dtype(dtype), channels, like.shape
        self.partial = self.path.with_name(f".{self.path.name}.partial")
        self._written, self._open = 0, True
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            _remove(self.partial)
            self._begin()
        except OSError as problem:
            self.abort()
            raise self._not_written(problem) from problem

    @classmethod
    def labels_stem(
        cls, stem: str, suffix: str, shape: tuple[int, int, int], dtype: np.dtype, voxel_size_um: Sequence[float] | None
    ) -> str:
        """The name of labels, without extension; formats whose names say more override it."""
        return stem + suffix

    def write(self, slab: np.ndarray) -> None:
        """Append (d, H, W), or (channels, d, H, W) where channels were asked for."""
        slab = np.asarray(slab)
        front = () if self.channels is None else (self.channels,)
        if slab.ndim != 3 + len(front) or slab.shape[: len(front)] != front or slab.shape[-2:] != self.shape[1:]:
            wanted = "×".join(str(n) for n in (*front, "d", *self.shape[1:]))
            raise ScanError(f"{self.path.name} takes slabs of {wanted} voxels, got {'×'.join(map(str, slab.shape))}.")
        if self._written + slab.shape[-3] > self.shape[0]:
            raise ScanError(f"{self.path.name} has {self.shape[0]} slices, got slice {self._written + slab.shape[-3]}.")
        try:
            self._append(self._converted(slab))
        except OSError as problem:
            raise self._not_written(problem) from problem
        self._written += slab.shape[-3]

    def _converted(self, slab: np.ndarray) -> np.ndarray:
        converted = np.ascontiguousarray(slab, dtype=self.dtype)
        if slab.dtype.kind in "ui" and slab.dtype != self.dtype and slab.size:
            low, high = slab.min(), slab.max()
            if (low, high) != (converted.min(), converted.max()):
                raise ValueError(f"Values {low} to {high} do not fit into {self.dtype}, the type of {self.path.name}.")
        return converted

    def close(self) -> None:
        """Finish and give the file its name."""
        if not self._open:
            return
        if self._written != self.shape[0]:
            self.abort()
            raise ScanError(f"{self.path.name} got {self._written} of its {self.shape[0]} slices and was not kept.")
        try:
            self._finish()
            self._publish()
        except OSError as problem:
            self.abort()
            raise self._not_written(problem) from problem
        self._open = False

    def abort(self) -> None:
        """Give up and remove what was written."""
        self._open = False
        with suppress(OSError):  # a full disk complains once more while files are closed
            self._discard()
        with suppress(OSError):
            _remove(self.partial)

    @abstractmethod
    def _begin(self) -> None:
        """Open ``self.partial``."""

    @abstractmethod
    def _append(self, slab: np.ndarray) -> None:
        """Write a checked slab of the right type; ([C,] d, H, W)."""

    @abstractmethod
    def _finish(self) -> None:
        """Complete and close ``self.partial``."""

    def _discard(self) -> None:
        """Close whatever is open: ``self._file``, where a format has no more than that."""
        if hasattr(self, "_file"):
            self._file.close()

    def _publish(self) -> None:
        if not self.path.is_dir():
            os.replace(self.partial, self.path)
            return
        old = self.path.with_name(f".{self.path.name}.old")  # a folder cannot be replaced in one step
        _remove(old)
        os.replace(self.path, old)
        os.replace(self.partial, self.path)
        shutil.rmtree(old, ignore_errors=True)

    def _not_written(self, problem: OSError) -> ScanError:
        return ScanError(
            f"{self.path} cannot be written ({one_line(problem)}); choose another --output_dir or make room."
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self.close()
        else:
            self.abort()


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
