"""What every reader of a format has in common: a description, windows to read, libraries without their noise."""

import logging
import os
import sys
import warnings
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import DTypeLike

from synfine_monai.errors import ScanError
from synfine_monai.scans.undefined_voxels import pad_undefined

LONGEST_REASON = 160
"""Characters of a library's message; what matters stands at its end."""
LOGGERS = ("tifffile", "nibabel.global", "nibabel")


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
        voxel_size_from: where the voxel size stands, in words; empty for what the format itself states.
        notes: what had to be decided or left out while it was opened, one sentence each; ``open_scan`` logs them.
    """

    path: Path
    format: str
    shape: tuple[int, int, int]
    dtype: np.dtype
    voxel_size_um: tuple[float, float, float] | None
    affine: np.ndarray = field(default_factory=lambda: np.eye(4))
    layout: Mapping[str, Any] = field(default_factory=dict)
    voxel_size_from: str = ""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class OpenOptions:
    """What ``open_scan`` knows besides the path; each format takes what it needs.

    Attributes:
        kind: name of the format in ``FORMATS``.
        dataset: the path in an HDF5 file, or None.
        raw_shape, raw_dtype, raw_offset: as in ``open_scan``.
        errors: list in which the libraries' logged errors gather (see ``quiet_libraries``).
    """

    kind: str
    dataset: str | None = None
    raw_shape: Sequence[int] | None = None
    raw_dtype: DTypeLike | None = None
    raw_offset: int | None = None
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

        NaN around a core becomes padding, see ``pad_undefined``.

        Raises:
            ScanError: if the file is cut short or damaged there, or holds NaN or infinite voxels in the core.
            IndexError: if the scan has no such slices.
        """
        stop = self.shape[0] if stop is None else stop
        if not 0 <= start <= stop <= self.shape[0]:
            raise IndexError(f"{self.info.path.name} has {self.shape[0]} slices, not {start} to {stop}.")
        slices = f"{self.info.path.name}: slices {start} to {stop - 1}"
        with plain_library(f"{slices} cannot be read, the file is cut short or damaged"):
            slab = self._read(start, stop)
        slab = np.ascontiguousarray(slab, dtype=self.dtype)
        if slab.dtype.kind == "f":
            slab = slab if slab.flags.writeable else slab.copy()
            self._refuse_non_finite(slab, start)
        return slab

    def _refuse_non_finite(self, slab: np.ndarray, start: int) -> None:
        for z, image in enumerate(slab, start):
            bad = pad_undefined(image)
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


class FileScan(Scan):
    """A scan whose library keeps its file open, each process its own: a forked worker shares the file's position.

    Args:
        path: the file.
        given: what ``_described`` takes besides.
    """

    def __init__(self, path: Path, given: Any = None) -> None:
        self._file: Any = None
        self._process = 0
        try:
            info = self._described(path, given)
        except BaseException:
            self.close()
            raise
        super().__init__(info)

    @abstractmethod
    def _described(self, path: Path, given: Any) -> ScanInfo:
        """What is known of the scan, by ``_opened``."""

    @abstractmethod
    def _open(self, path: Path) -> Any:
        """The library's file, which has a ``close``."""

    def _opened(self, path: Path) -> Any:
        if self._file is None or self._process != os.getpid():
            self._file, self._process = self._open(path), os.getpid()
        return self._file

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_file": None}


def grey_dtype(name: str, dtype: np.dtype | None) -> np.dtype:
    """The type in which voxels of a stored type are read: bool as uint8, all others in the machine's byte order.

    Raises:
        ScanError: naming ``name``, if the numbers are neither integers nor real.
    """
    if dtype is None or dtype.kind not in "buif":
        raise ScanError(f"{name} holds {dtype} numbers; save it as integers or real floating point.")
    return np.dtype(np.uint8) if dtype.kind == "b" else dtype.newbyteorder("=")


class _Catch(logging.Filter):
    """Keeps what is logged at level ERROR and lets nothing through."""

    def __init__(self) -> None:
        super().__init__()
        self.errors: list[str] = []

    def filter(self, record: logging.LogRecord) -> bool:
        if record.levelno >= logging.ERROR:
            self.errors.append(record.getMessage())
        return False


@contextmanager
def quiet_libraries() -> Iterator[list[str]]:
    """Silence tifffile, nibabel and SimpleITK for a while; yields the list in which their logged errors gather."""
    catch = _Catch()
    itk = getattr(sys.modules.get("SimpleITK"), "ProcessObject", None)  # what nobody imported makes no noise
    shows_itk_warnings = itk is not None and itk.GetGlobalWarningDisplay()
    if itk is not None:
        itk.SetGlobalWarningDisplay(False)
    for name in LOGGERS:
        logging.getLogger(name).addFilter(catch)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield catch.errors
    finally:
        for name in LOGGERS:
            logging.getLogger(name).removeFilter(catch)
        if itk is not None:
            itk.SetGlobalWarningDisplay(shows_itk_warnings)


@contextmanager
def plain_library(complaint: str) -> Iterator[list[str]]:
    """``quiet_libraries``, and whatever a library raises becomes one sentence.

    Raises:
        ScanError: ``complaint`` with the library's reason, in place of its own error.
    """
    try:
        with quiet_libraries() as errors:
            yield errors
    except (ScanError, MemoryError):
        raise
    except Exception as problem:  # each library has its own errors for damaged files
        raise ScanError(f"{complaint} ({one_line(problem)}).") from problem
