"""Audits of a volume whose truth is known, drawn again and again: how often an interval covers it."""

from copy import copy

import numpy as np

from synfine_monai.planning.draw import BY_UNCERTAINTY, SliceLook, window_probabilities
from synfine_monai.planning.estimate import Residuals
from synfine_monai.planning.window_tails import WindowTails
from synfine_monai.planning.windows import window_totals

DESIGNS = ("uniform", "uncertainty", "inside")
"""Of the windows: all alike, some where the network is unsure, or (wrong) only those inside the image."""


class Redraws:
    """Draw windows of one size from a volume many times, at the cost of a look-up each.

    Args:
        truth: (D, H, W) bool, one class.
        predicted: (D, H, W) bool or from 0 to 1, the same by a segmentation.
        core: (D, H, W) bool.
        size: side of the windows in voxels.
        design: one of ``DESIGNS``.
        uncertainty: (D, H, W) float, for the design of that name.
        by_uncertainty: share of that design's draw that follows it.

    Attributes:
        largest: most that one window can weigh, see ``estimate_share``.

    Raises:
        ValueError: if the design is unknown.
    """

    def __init__(
        self, truth: np.ndarray, predicted: np.ndarray, core: np.ndarray, size: int, design: str = "uniform",
        uncertainty: np.ndarray | None = None, by_uncertainty: float = BY_UNCERTAINTY,
    ) -> None:  # fmt: skip
        if design not in DESIGNS:
            raise ValueError(f"design '{design}' is unknown: choose {', '.join(DESIGNS)}.")
        unsure = [None] * len(core) if design != "uncertainty" or uncertainty is None else uncertainty
        looks = (SliceLook(*pair) for pair in zip(core, unsure, strict=True))
        chances = np.stack([window_probabilities(look, size, by_uncertainty) for look in looks])
        if design == "inside":
            whole = np.zeros(chances.shape[1:], bool)
            whole[size - 1 : core.shape[1], size - 1 : core.shape[2]] = True
            chances = np.where(whole, chances > 0, 0.0)
            chances /= np.maximum(chances.sum((1, 2), keepdims=True), 1)
        self.kept = chances.any((1, 2))
        self.core, self.size = core, size
        self.chances = chances[self.kept].reshape(self.kept.sum(), -1)
        self.upto = self.chances.cumsum(1)
        windows, voxels = (self.chances > 0).sum(1), core[self.kept].sum((1, 2))
        self.largest = float(windows.max() / voxels.mean()) / (1 - by_uncertainty if design == "uncertainty" else 1)
        self.voxels = window_totals(core, size)[self.kept].reshape(self.kept.sum(), -1)
        self._compare(truth, predicted)

    def of(self, truth: np.ndarray, predicted: np.ndarray) -> "Redraws":
        """The same windows, for another prediction or class."""
        other = copy(self)
        other._compare(truth, predicted)
        return other

    def _compare(self, truth: np.ndarray, predicted: np.ndarray) -> None:
        self.predicted = float(predicted[self.core].mean())
        self.labelled = self._totals(truth)
        self.wrong = self.labelled - self._totals(predicted)
        tails = WindowTails(self.size, self.predicted)
        for image, core in zip(predicted, self.core, strict=True):
            tails.add(image, core)
        self.tails = tails.finish()

    def _totals(self, phase: np.ndarray) -> np.ndarray:
        totals = window_totals(np.where(self.core, phase, 0.0), self.size)[self.kept]
        return totals.reshape(len(totals), -1)

    def draw(self, windows: int, redraws: int, seed: int = 0) -> Residuals:
        """Residuals of ``redraws`` audits of as many windows each, arrays (redraws, windows)."""
        rng = np.random.default_rng(seed)
        z = rng.integers(len(self.chances), size=redraws * windows)
        at, place = rng.uniform(size=z.size), np.empty(z.size, np.int64)
        ends = np.bincount(z, minlength=len(self.chances)).cumsum()
        for depth, mine in enumerate(np.split(np.argsort(z, kind="stable"), ends[:-1])):
            place[mine] = np.searchsorted(self.upto[depth], at[mine] * self.upto[depth, -1], "right")
        place = np.minimum(place, self.chances.shape[1] - 1)
        wrong, voxels, chances, labelled = (
            table[z, place].reshape(redraws, windows)
            for table in (self.wrong, self.voxels, self.chances, self.labelled)
        )
        return Residuals(wrong, voxels, chances, self.predicted, labelled, self.tails)
