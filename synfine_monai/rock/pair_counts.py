"""Two-point correlation and surface of a phase along z, y and x, in a volume that does not fit in memory."""

from dataclasses import dataclass

import numpy as np

AXES = ("z", "y", "x")


@dataclass(frozen=True)
class PairCounts:
    """Pairs of voxels at lags 0 … reach along three axes, both in the core.

    Attributes:
        both: (3, reach + 1) int, pairs with both voxels in the phase, along z, y, x.
        pairs: (3, reach + 1) int, all pairs.
        crossings: (3,) int, of neighbours one in the phase and one not.
    """

    both: np.ndarray
    pairs: np.ndarray
    crossings: np.ndarray

    @property
    def correlation(self) -> np.ndarray:
        """(3, reach + 1) probability that both ends of a lag lie in the phase; NaN without a pair."""
        return np.divide(self.both, self.pairs, out=np.full(self.both.shape, np.nan), where=self.pairs > 0)

    @property
    def correlation_lengths(self) -> tuple[float, float, float]:
        r"""Lag in voxels along z, y, x at which :math:`S_2 - \phi^2` has fallen to 1/e of what it is at lag 0.

        NaN where the phase fills all or nothing, or the curve ends before.
        """
        z, y, x = (_falls_to(row - row[0] ** 2, np.exp(-1)) for row in self.correlation)
        return z, y, x

    def specific_surface(self, voxel_size: tuple[float, float, float]) -> tuple[float, tuple[float, ...]]:
        r"""Area of the boundary by volume of the core: mean of :math:`2 P_L` over the axes, and each axis's own.

        :math:`P_L` is the number of crossings by length of a line. Exact on average for boundaries that face all
        directions alike; the axes' own values show whether they do.

        Args:
            voxel_size: (z, y, x), any unit; the surface is in one over that.

        Source: Underwood, Quantitative Stereology (1970), sec. 2.2.
        """
        pairs = self.pairs[:, 1]
        lines = np.divide(self.crossings, pairs, out=np.full(3, np.nan), where=pairs > 0) / np.asarray(voxel_size)
        return float(np.nanmean(2 * lines)), tuple((2 * lines).tolist())


class PairCounter:
    """Counts them from slabs in z order, of any thickness.

    Args:
        reach: longest lag in voxels, at least 1.
    """

    def __init__(self, reach: int = 32) -> None:
        self.reach = reach
        self._both = np.zeros((3, reach + 1), np.int64)
        self._pairs = np.zeros((3, reach + 1), np.int64)
        self._crossings = np.zeros(3, np.int64)
        self._before: tuple[np.ndarray, np.ndarray] | None = None

    def add(self, phase: np.ndarray, core: np.ndarray) -> None:
        """Count the next slices, (d, H, W) bool each; the phase outside the core does not count."""
        phase = phase & core
        new = len(phase)
        self._count(2, _bits(np.swapaxes(phase, 1, 2)), _bits(np.swapaxes(core, 1, 2)), 1)
        rows, inside = _bits(phase), _bits(core)
        self._count(1, rows, inside, 1)
        if self._before is not None:
            rows, inside = (np.concatenate(pair) for pair in zip(self._before, (rows, inside), strict=True))
        self._count(0, rows, inside, 0, new)
        self._before = (rows[-self.reach :].copy(), inside[-self.reach :].copy())

    def finish(self) -> PairCounts:
        """What was counted."""
        return PairCounts(self._both, self._pairs, self._crossings)

    def _count(self, at: int, phase: np.ndarray, core: np.ndarray, axis: int, new: int | None = None) -> None:
        """Pairs of which the later voxel is among the ``new`` last of the axis; all if None."""
        length = phase.shape[axis]
        first = 0 if new is None else length - new
        for lag in range(self.reach + 1):
            ends = slice(max(first, lag), length)
            starts = slice(ends.start - lag, length - lag)
            if ends.start >= length:
                break
            cut = [(slice(None),) * axis + (one,) for one in (starts, ends)]
            inside = core[cut[0]] & core[cut[1]]
            a, b = phase[cut[0]], phase[cut[1]]
            self._pairs[at, lag] += _ones(inside)
            self._both[at, lag] += _ones(a & b)
            if lag == 1:
                self._crossings[at] += _ones((a ^ b) & inside)


def _falls_to(curve: np.ndarray, share: float) -> float:
    """Where a curve first falls to a share of its start, between two lags by a straight line."""
    if not curve[0] > 0 or not (below := np.flatnonzero(curve <= share * curve[0])).size:
        return float("nan")
    k = below[0]
    return float(k - (share * curve[0] - curve[k]) / (curve[k - 1] - curve[k]))


def _bits(mask: np.ndarray) -> np.ndarray:
    """Eight voxels of the last axis in a byte."""
    return np.packbits(mask, axis=-1)


def _ones(bits: np.ndarray) -> int:
    return int(np.bitwise_count(bits).sum(dtype=np.int64))
