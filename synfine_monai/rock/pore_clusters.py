"""Clusters of pore voxels in a volume that arrives slab by slab; what is kept does not grow with its length."""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage, sparse

CONNECTIVITIES = {6: 1, 18: 2, 26: 3}
"""Neighbours of a voxel -> in how many of its three indices they may differ: by faces, edges, corners."""


@dataclass(frozen=True)
class Clusters:
    """A table of n clusters.

    Attributes:
        low: (n, 3) first z, y and x that a cluster reaches.
        high: (n, 3) the last ones.
        open: (n,) bool, whether one of its voxels shares a face with what is outside the core.
        per_slice: (n, slices so far) sparse, its voxels in each slice.
    """

    low: np.ndarray
    high: np.ndarray
    open: np.ndarray
    per_slice: sparse.csr_array

    def __len__(self) -> int:
        return len(self.open)

    def __getitem__(self, rows: np.ndarray) -> "Clusters":
        return Clusters(self.low[rows], self.high[rows], self.open[rows], self.per_slice[rows])

    @classmethod
    def none(cls) -> "Clusters":
        """A table without rows."""
        nothing = np.zeros((0, 1, 1), bool)
        return cls.of_slab(nothing.astype(int), 0, nothing, 0)

    @property
    def voxels(self) -> np.ndarray:
        """(n,) size of each cluster."""
        return self.per_slice.sum(1)

    def followed_by(self, other: "Clusters") -> "Clusters":
        """The rows of both; ``other`` knows as many slices, or more."""
        known = self.per_slice.copy()
        known.resize(len(self), other.per_slice.shape[1])
        return Clusters(
            np.concatenate([self.low, other.low]),
            np.concatenate([self.high, other.high]),
            np.concatenate([self.open, other.open]),
            sparse.vstack([known, other.per_slice], format="csr"),
        )

    def merged(self, group: np.ndarray, count: int) -> "Clusters":
        """One row for each of ``count`` groups; ``group`` (n,) says which one a row joins, and none is empty."""
        order = np.argsort(group, kind="stable")
        starts = np.searchsorted(group[order], np.arange(count))
        joins = sparse.csr_array((np.ones(len(group), np.int64), (group, np.arange(len(group)))), (count, len(group)))
        return Clusters(
            np.minimum.reduceat(self.low[order], starts),
            np.maximum.reduceat(self.high[order], starts),
            np.logical_or.reduceat(self.open[order], starts),
            joins @ self.per_slice,
        )

    @classmethod
    def of_slab(cls, numbers: np.ndarray, count: int, exposed: np.ndarray, start: int) -> "Clusters":
        """The clusters of one slab, numbered 1 to ``count`` in (d, H, W), whose first slice is slice ``start``."""
        places, first = np.nonzero(numbers), np.array([start, 0, 0])
        rows = numbers[places] - 1
        low, high = np.full((3, count), np.iinfo(np.int64).max), np.full((3, count), -1)
        for axis, indices in enumerate(places):
            np.minimum.at(low[axis], rows, indices)
            np.maximum.at(high[axis], rows, indices)
        opened = np.zeros(count, bool)
        opened[rows[exposed[places]]] = True
        entries = (np.ones(len(rows), np.int64), (rows, places[0] + start))
        per_slice = sparse.coo_array(entries, (count, start + len(numbers))).tocsr()
        return cls(low.T + first, high.T + first, opened, per_slice)


class PoreClusters:
    """Labels each slab, joins it to the one before, and hands out the clusters that can grow no more.

    A cluster is complete when no voxel of it is in the last slice. Only those that still grow are kept, so memory is
    one slab, its last slice, and a table that is bounded by the clusters of a slice.

    Args:
        connectivity: neighbours of a voxel that are connected to it: 6 (faces), 18 (and edges) or 26 (and corners).

    Raises:
        ValueError: for another connectivity.
    """

    def __init__(self, connectivity: int = 6) -> None:
        if connectivity not in CONNECTIVITIES:
            raise ValueError(f"connectivity is 6, 18 or 26, got {connectivity!r}.")
        self.structure = ndimage.generate_binary_structure(3, CONNECTIVITIES[connectivity])
        self._growing = Clusters.none()
        self._slices = 0
        self._last: tuple[np.ndarray, np.ndarray] | None = None

    def add(self, pore: np.ndarray, outside: np.ndarray) -> Clusters:
        """Take the next slices, both (d, H, W) bool; returns the clusters that are complete now.

        What lies around the volume is outside; a last slab of nothing but outside completes all clusters.
        """
        before, outside_before = self._last or (np.zeros(pore.shape[1:], int), np.ones(pore.shape[1:], bool))
        self._growing.open[before[outside[0] & (before > 0)] - 1] = True
        numbers, count = ndimage.label(pore, self.structure)
        found = Clusters.of_slab(numbers, count, _beside(outside, outside_before), self._slices)
        rows, groups, group = self._joined(before, numbers[0], count)
        clusters = self._growing.followed_by(found).merged(group, groups)
        self._slices += len(pore)

        last = np.where(numbers[-1] > 0, group[rows - count + numbers[-1] - 1] + 1, 0) if rows else numbers[-1]
        growing = np.zeros(groups + 1, bool)
        growing[last] = True
        growing[0] = False
        self._last = (np.cumsum(growing) * growing)[last], outside[-1]
        self._growing = clusters[growing[1:]]
        return clusters[~growing[1:]]

    def _joined(self, before: np.ndarray, after: np.ndarray, count: int) -> tuple[int, int, np.ndarray]:
        """Number of rows (growing, then found), number of groups, and the group of each row."""
        rows = len(self._growing) + count
        steps = np.argwhere(self.structure[0]) - 1
        above, below = np.concatenate([_pairs(before, after, dy, dx) for dy, dx in steps]).T
        links = sparse.coo_array((np.ones(len(above), bool), (above - 1, below - 1 + len(self._growing))), (rows, rows))
        return rows, *sparse.csgraph.connected_components(links, directed=False)


def _pairs(before: np.ndarray, after: np.ndarray, dy: int, dx: int) -> np.ndarray:
    """(n, 2) numbers where a voxel of ``before`` and the one of ``after`` at (dy, dx) from it are both in clusters."""
    height, width = before.shape
    before = before[max(0, -dy) : height - max(0, dy), max(0, -dx) : width - max(0, dx)]
    after = after[max(0, dy) : height - max(0, -dy), max(0, dx) : width - max(0, -dx)]
    both = (before > 0) & (after > 0)
    return np.stack([before[both], after[both]], axis=1)


def _beside(outside: np.ndarray, outside_before: np.ndarray) -> np.ndarray:
    """Voxels that share a face with an outer one, (d, H, W); what follows the last slice is not known yet."""
    beside = np.zeros_like(outside)
    beside[0] = outside_before
    beside[1:] |= outside[:-1]
    beside[:-1] |= outside[1:]
    beside[:, 0] = beside[:, -1] = beside[:, :, 0] = beside[:, :, -1] = True
    beside[:, 1:] |= outside[:, :-1]
    beside[:, :-1] |= outside[:, 1:]
    beside[:, :, 1:] |= outside[:, :, :-1]
    beside[:, :, :-1] |= outside[:, :, 1:]
    return beside
