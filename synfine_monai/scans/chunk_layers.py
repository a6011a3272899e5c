"""Slices of an array that is stored in chunks: each chunk is decoded once, however thin the windows are."""

from typing import Any

import numpy as np

from synfine_monai.scans.volume_axes import VolumeAxes

__all__ = ["ChunkLayers"]

LARGEST_BLOCK = 512 << 20
"""Bytes of slices kept; a layer of chunks that is larger is decoded in several passes."""


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
