"""The share of a phase from counted windows: what is blank is the worst that it may be, at either end."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from synfine_monai.planning.estimate import NORMAL_TAILS, Residuals, ShareEstimate, estimate_share
from synfine_monai.planning.streamed_counts import StreamedCounts
from synfine_monai.planning.window_counts import WindowCounts

PORES = "pore space"
EVERYWHERE = slice(None)


@dataclass(frozen=True)
class Weigh:
    """Estimate shares, each from windows of one plan.

    Args:
        counted: the whole segmentation; of windows that each have their own, the one that is told without windows.
        confidence: of the intervals.
        largest: most that one window can weigh, see ``estimate_share``.
        tails: phase -> kurtosis over all windows, 3 where it is not there.
    """

    counted: StreamedCounts
    confidence: float
    largest: float
    tails: Mapping[str, float]

    def share(
        self, windows: Sequence[WindowCounts], phase: str, of: Sequence[int], slices: slice = EVERYWHERE
    ) -> ShareEstimate:
        """The share of a phase, of the classes ``of``, in some slices that hold the windows."""
        alone = _predicted(self.counted, of, slices)
        predicted = alone if not windows or windows[0].counted is None else np.array(
            [_predicted(one.counted or self.counted, of, slices) for one in windows])  # fmt: skip
        return self.estimate(windows, of, predicted, self.tails.get(phase, NORMAL_TAILS))

    def estimate(
        self, windows: Sequence[WindowCounts], of: Sequence[int], predicted: np.ndarray | float, tails: float
    ) -> ShareEstimate:
        """The same, where the predicted share of the whole is known."""
        if not windows:
            return ShareEstimate(float(np.mean(predicted)), float(np.mean(predicted)), None, None, None, 0,
                                 self.confidence)  # fmt: skip
        middle, low, high = (
            estimate_share(_residuals(windows, of, predicted, filled, tails), self.confidence, self.largest)
            for filled in ("as predicted", "none", "all")
        )
        if middle.low is None or not any(one.blank.any() for one in windows):
            return middle
        return replace(middle, low=low.low, high=high.high)


def _predicted(counted: StreamedCounts, of: Sequence[int], slices: slice) -> float:
    voxels = np.array(counted.per_slice, np.int64)[slices].sum(0)
    return float(voxels[list(of)].sum() / max(voxels.sum(), 1))


def _residuals(
    windows: Sequence[WindowCounts], of: Sequence[int], predicted: np.ndarray | float, filled: str, tails: float
) -> Residuals:
    columns = ((one.wrong(of, filled), one.voxels, one.window.probability, one.held(of, filled)) for one in windows)
    wrong, voxels, chances, held = (np.array(column, float) for column in zip(*columns, strict=True))
    return Residuals(wrong, voxels, chances, predicted, held, tails)
