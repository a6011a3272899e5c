"""A volume and its half, quarter … resolutions, written layer by layer while slabs come in."""

from collections.abc import Callable, Sequence
from itertools import product
from typing import Any

import numpy as np

SMALLEST_LEVEL = 256
"""Levels are added until no axis is longer."""

LARGEST_LAYER = 128 << 20
"""Bytes of a layer of chunks, which is in memory while it is filled."""

MOST_LABELS = 16
"""Different values in a layer above which 8-bit voxels are grey levels."""


def level_shapes(shape: tuple[int, int, int]) -> list[tuple[int, int, int]]:
    """(D, H, W) of each level: every axis halves, rounded up, until none is longer than 256."""
    shapes = [shape]
    while max(shapes[-1]) > SMALLEST_LEVEL:
        depth, height, width = (-(-n // 2) for n in shapes[-1])
        shapes.append((depth, height, width))
    return shapes


def layer_depth(depth: int, slice_bytes: int) -> int:
    """Slices of a chunk: 64, or a smaller power of two where a layer of whole slices would be above 128 MiB."""
    fits = 64
    while fits > 2 and (fits * slice_bytes > LARGEST_LAYER or fits >= 2 * depth):
        fits //= 2
    return fits


class Halver:
    """Halves blocks along z, y and x: labels by the most frequent of eight voxels, grey levels by their mean.

    Among labels that are equally frequent, that of the first voxel is preferred, so that no phase is favoured.

    Args:
        may_be_labels: False for what holds grey levels; True for 8-bit voxels, until too many values are seen.

    Attributes:
        labels: whether what was seen are labels.
    """

    def __init__(self, may_be_labels: bool) -> None:
        self.labels = may_be_labels
        self._seen: set[int] = set()

    def look(self, block: np.ndarray) -> None:
        """See the values of a block that is to be halved, or whose halves are."""
        if self.labels:
            self._seen |= _values(block)
            self.labels = len(self._seen) <= MOST_LABELS

    def __call__(self, block: np.ndarray) -> np.ndarray:
        """(C, d, H, W) to its half; an odd last voxel counts twice, an axis of length 1 stays."""
        block = np.pad(block, [(0, 0), *((0, n % 2 if n > 1 else 0) for n in block.shape[1:])], mode="edge")
        steps = [2 if n > 1 else 1 for n in block.shape[1:]]
        half = np.empty((len(block), *(n // step for n, step in zip(block.shape[1:], steps, strict=True))), block.dtype)
        for c, z in np.ndindex(half.shape[:2]):  # a slice at a time stays in the cache
            corners = [
                np.ascontiguousarray(block[c, z * steps[0] + i, j :: steps[1], k :: steps[2]])
                for i, j, k in product(*map(range, steps))
            ]
            half[c, z] = _most_frequent(corners, sorted(self._seen)) if self.labels else _mean(corners)
        return half


def _values(block: np.ndarray) -> set[int]:
    """The lowest values of ``block``, at least as many as tell labels from grey levels."""
    values: set[int] = set()
    while block.size and len(values) <= MOST_LABELS:
        values.add(lowest := int(block.min()))
        block = block[block > lowest]
    return values


def _most_frequent(corners: Sequence[np.ndarray], values: Sequence[int]) -> np.ndarray:
    best = corners[0].copy()
    most = np.zeros(best.shape, np.uint8)
    for corner in corners:
        most += corner == best
    for value in values:
        count = np.zeros(best.shape, np.uint8)
        for corner in corners:
            count += corner == value
        better = count > most
        best[better], most[better] = value, count[better]
    return best


def _mean(corners: Sequence[np.ndarray]) -> np.ndarray:
    total = np.zeros(corners[0].shape, np.float64 if corners[0].dtype.itemsize > 2 else np.float32)
    for corner in corners:
        total += corner
    total /= len(corners)
    return (total if corners[0].dtype.kind == "f" else np.rint(total)).astype(corners[0].dtype)


class LayeredLevels:
    """Gathers slabs to layers of chunks, so that each chunk is written once, and hands their halves to the next level.

    Holds one layer a level in memory.

    Args:
        writers: one a level, called with (first slice, block (C, d, H, W)).
        depth: slices of a layer; even where there is more than one level.
        halve: from a block of one level to that of the next; ``look`` is called with every block of level 0.
    """

    def __init__(self, writers: Sequence[Callable[[int, np.ndarray], Any]], depth: int, halve: Halver) -> None:
        self.writers, self.depth, self.halve = writers, depth, halve
        self._layers: list[np.ndarray | None] = [None] * len(writers)
        self._filled, self._first = [0] * len(writers), [0] * len(writers)

    def append(self, slab: np.ndarray, level: int = 0) -> None:
        """Take the next slices (C, d, H, W)."""
        done = 0
        while done < slab.shape[1]:
            if self._layers[level] is None:
                self._layers[level] = np.empty((slab.shape[0], self.depth, *slab.shape[2:]), slab.dtype)
            count = min(self.depth - self._filled[level], slab.shape[1] - done)
            at = self._filled[level]
            self._layers[level][:, at : at + count] = slab[:, done : done + count]
            self._filled[level] += count
            done += count
            if self._filled[level] == self.depth:
                self._flush(level)

    def finish(self) -> None:
        """Write the layers that are not full."""
        for level in range(len(self.writers)):
            if self._filled[level]:
                self._flush(level)
            self._layers[level] = None

    def _flush(self, level: int) -> None:
        block = self._layers[level][:, : self._filled[level]]
        if level == 0:
            self.halve.look(block)
        self.writers[level](self._first[level], block)
        self._first[level] += block.shape[1]
        self._filled[level] = 0
        if level + 1 < len(self.writers):
            self.append(self.halve(block), level + 1)
