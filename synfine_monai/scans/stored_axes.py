"""Volumes in chunked arrays: which axes are z, y and x, and each chunk decoded once."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np

from synfine_monai.errors import ScanError

WORDS = {"c": "channels", "t": "time points"}
COLOURS = (3, 4)
SMALLEST_IMAGE = 16
"""A last axis of 3 or 4 behind two axes of at least this length is colour, where no axis is named."""

T = TypeVar("T")
LARGEST_BLOCK = 512 << 20
"""Bytes of slices kept; a layer of chunks that is larger is decoded in several passes."""


@dataclass(frozen=True)
class VolumeAxes:
    """The place of a volume in an array.

    Attributes:
        shape: (D, H, W); D is 1 for an array without z.
        names: what each axis of the array is: "z", "y", "x", or None for one of length 1 that is left out.
    """

    shape: tuple[int, int, int]
    names: tuple[str | None, ...]

    def index(self, start: int, stop: int) -> tuple[slice | int, ...]:
        """What to index the array with for slices ``start`` to ``stop`` (exclusive)."""
        along = {"z": slice(start, stop), "y": slice(None), "x": slice(None)}
        return tuple(along[name] if name else 0 for name in self.names)

    def of(self, numbers: Sequence[T], missing: T) -> tuple[T, T, T]:
        """One number (or unit) an axis of the array as (z, y, x); ``missing`` where the array has no z."""
        z, y, x = (numbers[self.names.index(name)] if name in self.names else missing for name in "zyx")
        return z, y, x


def find_volume_axes(file_name: str, shape: Sequence[int], names: Sequence[str] | None = None) -> VolumeAxes:
    """Find z, y and x by the axes' names, or, where nobody names them, as the axes that are longer than 1.

    Args:
        file_name: for messages.
        shape: of the array.
        names: one letter an axis ("t", "c", "z", "y", "x"), or None.

    Raises:
        ScanError: for several channels or time points, for colour, and for axes in another order than z, y, x.
    """
    if 0 in shape or len(shape) < 2:
        raise ScanError(f"{file_name} has the shape {_size(shape)}; a scan has the axes z, y and x.")
    kept = _unnamed(file_name, shape) if names is None else _named(file_name, shape, names)
    sizes = dict(zip(kept, shape, strict=True))
    return VolumeAxes((int(sizes.get("z", 1)), int(sizes["y"]), int(sizes["x"])), kept)


def _named(file_name: str, shape: Sequence[int], names: Sequence[str]) -> tuple[str | None, ...]:
    for name, length in zip(names, shape, strict=True):
        if name not in "zyx" and length > 1:
            raise ScanError(
                f"{file_name} has {length} {WORDS.get(name, f'values along its axis {name}')}; a scan is "
                "one grey-level volume: save the one to segment by itself."
            )
    kept = tuple(name if name in "zyx" else None for name in names)
    order = "".join(name for name in kept if name)
    if order not in ("zyx", "yx"):
        raise ScanError(
            f"{file_name} has its axes in the order {', '.join(names)}; a scan is stored as z, y, x: transpose it."
        )
    return kept


def _unnamed(file_name: str, shape: Sequence[int]) -> tuple[str | None, ...]:
    first, last = 0, len(shape)
    while last - first > 3 and shape[first] == 1:
        first += 1
    while last - first > 3 and shape[last - 1] == 1:
        last -= 1
    if last - first > 3:
        raise ScanError(
            f"{file_name} has the shape {_size(shape)}; a scan has z, y and x: save one channel of one "
            "time point by itself."
        )
    if last - first == 3 and shape[last - 1] in COLOURS and min(shape[first : last - 1]) >= SMALLEST_IMAGE:
        raise ScanError(
            f"{file_name} of shape {_size(shape)} is a colour image ({shape[last - 1]} values a pixel); "
            "save it as grey levels."
        )
    return (None,) * first + tuple("zyx"[-(last - first) :]) + (None,) * (len(shape) - last)


def _size(shape: Sequence[int]) -> str:
    return "×".join(str(n) for n in np.atleast_1d(shape)) or "()"


class ChunkLayers:
    """Reads windows of slices and keeps the layer of chunks that the last one ended in.

    Args:
        axes: where the volume is in the array.
        dtype: of the voxels.
        chunk_depth: slices in a chunk.
    """

    def __init__(self, axes: VolumeAxes, dtype: np.dtype, chunk_depth: int) -> None:
        self.axes, self.dtype, self.chunk_depth = axes, np.dtype(dtype), max(1, int(chunk_depth))
        slice_bytes = axes.shape[1] * axes.shape[2] * self.dtype.itemsize
        self.depth = min(self.chunk_depth, max(1, LARGEST_BLOCK // slice_bytes))
        self.forget()

    def read(self, array: Any, start: int, stop: int) -> np.ndarray:
        """Slices ``start`` to ``stop`` (exclusive) of ``array`` as (stop - start, H, W)."""
        slab = np.empty((stop - start, *self.axes.shape[1:]), self.dtype)
        z = start
        while z < stop:
            whole = (stop - z) // self.chunk_depth * self.chunk_depth
            if whole and z % self.chunk_depth == 0:  # full layers go straight into the slab
                upto = z + whole
                slab[z - start : upto - start] = self._slices(array, z, upto)
            else:
                first, block = self._block(array, z)
                upto = min(stop, first + len(block))
                slab[z - start : upto - start] = block[z - first : upto - first]
            z = upto
        return slab

    def forget(self) -> None:
        """Let go of the slices that are kept."""
        self._first, self._kept = 0, np.empty((0, *self.axes.shape[1:]), self.dtype)

    def _block(self, array: Any, z: int) -> tuple[int, np.ndarray]:
        if not self._first <= z < self._first + len(self._kept):
            self.forget()
            layer = z // self.chunk_depth * self.chunk_depth
            first = layer + (z - layer) // self.depth * self.depth
            stop = min(first + self.depth, layer + self.chunk_depth, self.axes.shape[0])
            self._first, self._kept = first, self._slices(array, first, stop)
        return self._first, self._kept

    def _slices(self, array: Any, start: int, stop: int) -> np.ndarray:
        return np.asarray(array[self.axes.index(start, stop)]).reshape(stop - start, *self.axes.shape[1:])
