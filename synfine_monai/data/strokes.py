"""Strokes: connected parts of labels, and the rule by which labels count as strokes or as areas."""

from collections.abc import Iterable
from itertools import product
from typing import NamedTuple

import numpy as np
from scipy.ndimage import maximum_filter, uniform_filter
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from synfine_monai.conventions import PATCH_SIZE

NEIGHBOURS = [step for step in product((-1, 0, 1), repeat=3) if step > (0, 0, 0)]
"""Half of the 26 ways (z, y, x) in which voxels touch; the other half is the same seen from the other side."""

BLOCK = 8
"""Voxels between windows that are looked at."""


class Strokes(NamedTuple):
    """Labelled voxels of a volume, in the order of the volume, and the stroke that each of them belongs to.

    Attributes:
        places: (N, 3) int64, z, y, x.
        values: (N,) labels.
        numbers: (N,) from 0 on, strokes numbered by their first voxel.
    """

    places: np.ndarray
    values: np.ndarray
    numbers: np.ndarray

    @property
    def count(self) -> int:
        """Number of strokes."""
        return int(self.numbers.max(initial=-1)) + 1


def find_strokes(slices: Iterable[tuple[int, np.ndarray, np.ndarray]]) -> Strokes:
    """Number the connected parts of every label value; voxels that touch by a face, an edge or a corner are connected.

    Args:
        slices: (z, values (H, W), mask (H, W) bool of what is labelled), z ascending.
    """
    places, values, width = [np.empty((0, 3), np.int64)], [np.empty(0, np.int64)], 0
    for z, value, mask in slices:
        places.append(np.insert(np.argwhere(mask), 0, z, axis=1))
        values.append(value[mask].astype(np.int64))
        width = max(width, *value.shape)
    return _numbered(np.concatenate(places), np.concatenate(values), width + 2)


def _numbered(places: np.ndarray, values: np.ndarray, width: int) -> Strokes:
    keys = (places[:, 0] * width + places[:, 1] + 1) * width + places[:, 2] + 1  # a rim, so that rows do not touch
    pairs = [np.empty((2, 0), np.int64)]
    for z, y, x in NEIGHBOURS if len(keys) else ():
        at = np.searchsorted(keys, keys + (z * width + y) * width + x).clip(max=len(keys) - 1)
        touch = (keys[at] == keys + (z * width + y) * width + x) & (values[at] == values)
        pairs.append(np.stack([np.flatnonzero(touch), at[touch]]))
    edges = np.concatenate(pairs, axis=1)
    graph = coo_matrix((np.ones(edges.shape[1], bool), edges), shape=(len(keys),) * 2)
    found = connected_components(graph, directed=False)[1] if len(keys) else np.empty(0, np.int64)
    _, first, numbers = np.unique(found, return_index=True, return_inverse=True)
    return Strokes(places, values, np.argsort(np.argsort(first))[numbers])


def every_third(strokes: Strokes) -> np.ndarray:
    """Numbers of the strokes that are held back: of each label value every third, at least one where there are two."""
    held = [np.empty(0, np.int64)]
    for value in np.unique(strokes.values):
        numbers = np.unique(strokes.numbers[strokes.values == value])
        held.append(numbers[2::3] if len(numbers) > 2 else numbers[1:])
    return np.sort(np.concatenate(held))


def filled_share(masks: Iterable[np.ndarray], size: int = PATCH_SIZE) -> tuple[int, int]:
    """How many voxels are labelled, and how many of them lie in a window of which at least half is labelled.

    Args:
        masks: (H, W) bool of each slice, where it is labelled.
        size: side of the windows in voxels; they lie at every eighth voxel.
    """
    labelled = filled = 0
    for mask in masks:
        counts = _block_sums(mask)
        full = uniform_filter(counts.astype(np.float64), size // BLOCK, mode="constant") * (size // BLOCK) ** 2
        half = full >= size * size / 2 - 1e-6
        labelled += int(counts.sum())
        filled += int(counts[maximum_filter(half, size // BLOCK, origin=-1, mode="constant")].sum())
    return labelled, filled


def _block_sums(mask: np.ndarray) -> np.ndarray:
    height, width = (-(-n // BLOCK) for n in mask.shape)
    padded = np.zeros((height * BLOCK, width * BLOCK), np.int64)
    padded[: mask.shape[0], : mask.shape[1]] = mask
    return padded.reshape(height, BLOCK, width, BLOCK).sum((1, 3))
