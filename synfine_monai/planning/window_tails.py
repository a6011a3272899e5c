"""How rare and how large the pieces of a predicted phase are: the kurtosis of what all windows of some slices hold."""

import numpy as np

from synfine_monai.planning.estimate import NORMAL_TAILS
from synfine_monai.planning.windows import window_totals


class WindowTails:
    """Kurtosis of a phase's voxels over all windows that meet the core, beyond its share of their voxels.

    Args:
        size: side of the windows in voxels.
        share: of the phase in the whole core.
    """

    def __init__(self, size: int, share: float) -> None:
        self.size, self.share = size, share
        self._sums = np.zeros(5)

    def add(self, predicted: np.ndarray, core: np.ndarray) -> None:
        """Take in slices, (..., H, W): the phase, bool or from 0 to 1, and whether voxels are in the core."""
        voxels = window_totals(core, self.size)
        above = window_totals(np.where(core, predicted, 0.0), self.size) - self.share * voxels
        above = above[voxels > 0]
        squares = above * above
        self._sums += [above.size, above.sum(), squares.sum(), above @ squares, squares @ squares]

    def finish(self) -> float:
        """The kurtosis, 3 where nothing varies."""
        count, first, second, third, fourth = self._sums
        mean, variance = first / max(count, 1), second / max(count, 1) - (first / max(count, 1)) ** 2
        if not variance > 1e-12:
            return NORMAL_TAILS
        around = (fourth - 4 * mean * third + 6 * mean**2 * second) / count - 3 * mean**4
        return float(around / variance**2)
