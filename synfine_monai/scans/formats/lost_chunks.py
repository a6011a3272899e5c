"""Chunks of a Zarr array that are not there: left out because they are empty, or lost.

Zarr reads an absent chunk as the fill value, usually 0, and most writers leave out chunks that hold nothing else, as
the corners around a core. So an absent chunk by itself is no damage. It is lost where the voxels that touch it show no
trace of the fill value: a region of 0 does not end exactly at the borders of chunks.
"""

from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
from scipy.ndimage import label

from synfine_monai.errors import ScanError
from synfine_monai.scans.stored_axes import VolumeAxes

METADATA = {"zarr.json", ".zarray", ".zattrs", ".zgroup", ".zmetadata"}


class LostChunks:
    """Finds lost chunks of an array, layer by layer; each layer is looked at once.

    Args:
        folder: of the array.
        name: for messages.
        axes: where the volume is in the array.
        chunks: shape of a chunk, or of a shard where chunks are stored in shards.
    """

    def __init__(self, folder: Path, name: str, axes: VolumeAxes, chunks: tuple[int, ...]) -> None:
        self.folder, self.name, self.axes = folder, name, axes
        self.chunks = tuple(int(n) for n in axes.of(chunks, 1))
        self.grid = tuple(-(-n // chunk) for n, chunk in zip(axes.shape, self.chunks, strict=True))
        self._seen: dict[int, np.ndarray] = {}

    def refuse_all_absent(self) -> None:
        """Raise if the array has no chunk at all."""
        if not any(file.is_file() and file.name not in METADATA for file in self.folder.rglob("*")):
            raise ScanError(
                f"{self.name} holds no voxels: none of its {int(np.prod(self.grid)):,} chunks is there; "
                "copy or export it again."
            )

    def refuse_lost(self, array: Any, start: int, stop: int) -> None:
        """Raise if a chunk of the slices ``start`` to ``stop`` is lost."""
        for layer in self._layers(start, stop):
            if layer not in self._seen:
                absent = self._absent(array, layer)
                self._check(array, layer, absent)
                self._seen[layer] = absent

    def refuse_removed(self, array: Any, start: int, stop: int) -> None:
        """Raise if chunks that ``refuse_lost`` has seen, or all of the array, are gone: what was read may be empty."""
        there = any((self.folder / name).is_file() for name in METADATA)
        if not there or any((self._absent(array, z) & ~self._seen[z]).any() for z in self._layers(start, stop)):
            raise ScanError(f"{self.name} was removed or moved while it was read: put it back and start again.")

    def _layers(self, start: int, stop: int) -> range:
        return range(start // self.chunks[0], -(-stop // self.chunks[0]))

    def _check(self, array: Any, layer: int, absent: np.ndarray) -> None:
        if not absent.any():
            return
        if array.fill_value is None:
            raise self._lost(layer, absent, "Zarr knows no value for them")
        regions, count = label(absent)
        for number in range(1, count + 1):
            region = regions == number
            borders = list(self._borders(array, layer, region))
            if borders and not any(np.any(voxels == array.fill_value) for voxels in borders):
                raise self._lost(layer, region, f"around them no voxel is {array.fill_value}, the value of empty ones")

    def _absent(self, array: Any, layer: int) -> np.ndarray:
        absent = np.zeros(self.grid[1:], bool)
        for y, x in product(*map(range, self.grid[1:])):
            place = {"z": layer, "y": y, "x": x}
            key = array.metadata.encode_chunk_key(tuple(place[name] if name else 0 for name in self.axes.names))
            absent[y, x] = not (self.folder / key).is_file()
        return absent

    def _borders(self, array: Any, layer: int, region: np.ndarray) -> Iterator[np.ndarray]:
        """Voxels that touch the chunks of ``region`` from chunks that are there; of a whole layer, the next slices."""
        depth = self.chunks[0]
        first, last = layer * depth, min((layer + 1) * depth, self.axes.shape[0])
        if region.all():
            for z in (first - 1, last):
                if 0 <= z < self.axes.shape[0] and not self._absent(array, z // depth).all():
                    yield array[self.axes.index(z, z + 1)]
            return
        for y, x in np.argwhere(region):
            for dy, dx in ((-1, 0), (1, 0), (0, -1), (0, 1)):
                inside = 0 <= y + dy < self.grid[1] and 0 <= x + dx < self.grid[2]
                if inside and not region[y + dy, x + dx]:
                    yield array[self._face(first, last, (y, x), (dy, dx))]

    def _face(self, first: int, last: int, chunk: tuple[int, int], step: tuple[int, int]) -> tuple[slice | int, ...]:
        along: dict[str, slice] = {"z": slice(first, last)}
        for name, place, side, size in zip("yx", chunk, step, self.chunks[1:], strict=True):
            low, high = int(place) * size, (int(place) + 1) * size
            along[name] = slice(low, high) if not side else slice(high, high + 1) if side > 0 else slice(low - 1, low)
        return tuple(along[name] if name else 0 for name in self.axes.names)

    def _lost(self, layer: int, region: np.ndarray, reason: str) -> ScanError:
        first, depth = layer * self.chunks[0], self.chunks[0]
        count = int(region.sum())
        return ScanError(
            f"{self.name}: {count} of the {region.size} chunks of slices {first} to "
            f"{min(first + depth, self.axes.shape[0]) - 1} {'is' if count == 1 else 'are'} missing "
            f"({reason}); copy or export it again."
        )
