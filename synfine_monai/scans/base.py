"""What every scan format has in common: a description, windows to read, slabs to write."""

import os
import shutil
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
from numpy.typing import DTypeLike

from synfine_monai.errors import ScanError
from synfine_monai.scans.quiet import quiet_libraries

__all__ = ["OpenOptions", "Scan", "ScanInfo", "ScanSink", "one_line"]

LONGEST_REASON = 160
"""Characters of a library's message; what matters stands at its end."""


def one_line(problem: BaseException) -> str:
    """A library's message, short and on one line."""
    text = getattr(problem, "strerror", None) or str(problem) or type(problem).__name__
    text = " ".join(text.rpartition("ERROR: ")[2].split()).rstrip(".")
    return text if len(text) <= LONGEST_REASON else f"… {text[-LONGEST_REASON:]}"


@dataclass(frozen=True, eq=False)
class ScanInfo:
    """What is known of a scan without reading its voxels.

    Attributes:
        path: the file, or the folder of slices.
        format: its name in ``FORMATS``.
        shape: (D, H, W), z first; a single 2-D image has D = 1.
        dtype: of the voxels, in the machine's byte order.
        voxel_size_um: (z, y, x) in µm, or None where nobody states it.
        affine: (4, 4), from (x, y, z, 1) indices to the file's world, in the file's axes and unit.
        layout: what a writer needs to write back alike; differs by format.
    """

    path: Path
    format: str
    shape: tuple[int, int, int]
    dtype: np.dtype
    voxel_size_um: tuple[float, float, float] | None
    affine: np.ndarray = field(default_factory=lambda: np.eye(4))
    layout: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class OpenOptions:
    """What ``open_scan`` knows besides the path; each format takes what it needs.

    Attributes:
        kind: name of the format in ``FORMATS``.
        dataset: the path in an HDF5 file, or None.
        raw_shape, raw_dtype: as in ``open_scan``.
        errors: list in which the libraries' logged errors gather (see ``quiet_libraries``).
    """

    kind: str
    dataset: str | None = None
    raw_shape: Sequence[int] | None = None
    raw_dtype: DTypeLike | None = None
    errors: list[str] = field(default_factory=list)


class Scan(ABC):
    """A scan that is open for reading by windows of slices. A context manager.

    It can be pickled and used in forked workers; one object serves one thread at a time.
    """

    forward_only = False
    """Whether a step back means reading the file from its beginning: one stream, deflated."""

    def __init__(self, info: ScanInfo) -> None:
        self.info = info

    @classmethod
    def opened(cls, path: Path, options: OpenOptions) -> Self:
        """The scan at ``path``; formats that need more than the path take it from ``options``."""
        return cls(path)  # type: ignore[arg-type]  # a reader is made from its path

    @property
    def shape(self) -> tuple[int, int, int]:
        """(D, H, W)."""
        return self.info.shape

    @property
    def dtype(self) -> np.dtype:
        """Type of the voxels that ``read`` returns."""
        return self.info.dtype

    @property
    def voxel_size_um(self) -> tuple[float, float, float] | None:
        """(z, y, x) in µm, or None if unknown."""
        return self.info.voxel_size_um

    def read(self, start: int = 0, stop: int | None = None) -> np.ndarray:
        """Slices ``start`` to ``stop`` (exclusive; None: to the end) as (stop - start, H, W), z first.

        Raises:
            ScanError: if the file is cut short or damaged there, or holds NaN or infinite voxels.
            IndexError: if the scan has no such slices.
        """
        stop = self.shape[0] if stop is None else stop
        if not 0 <= start <= stop <= self.shape[0]:
            raise IndexError(f"{self.info.path.name} has {self.shape[0]} slices, not {start} to {stop}.")
        try:
            with quiet_libraries():
                slab = self._read(start, stop)
        except (ScanError, MemoryError):
            raise
        except Exception as problem:  # each library has its own errors for damaged files
            raise ScanError(
                f"{self.info.path.name}: slices {start} to {stop - 1} cannot be read, the file is cut "
                f"short or damaged ({one_line(problem)})."
            ) from problem
        slab = np.ascontiguousarray(slab, dtype=self.dtype)
        if slab.dtype.kind == "f":
            self._refuse_non_finite(slab, start)
        return slab

    def _refuse_non_finite(self, slab: np.ndarray, start: int) -> None:
        for z, image in enumerate(slab, start):
            bad = image.size - int(np.count_nonzero(np.isfinite(image)))
            if bad:
                raise ScanError(
                    f"{self.info.path.name}: {bad:,} voxels of slice {z} are NaN or infinite; replace "
                    "them, for example by the grey level outside the core."
                )

    @abstractmethod
    def _read(self, start: int, stop: int) -> np.ndarray:
        """The slices in any byte order; may raise what its library raises."""

    def close(self) -> None:  # noqa: B027  most formats keep nothing open
        """Close what is open; a later read opens it again."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()


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

    @abstractmethod
    def _discard(self) -> None:
        """Close whatever is open, without raising."""

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
