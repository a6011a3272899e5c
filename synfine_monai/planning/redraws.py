"""Audits of a volume whose truth is known, drawn again and again: how often an interval covers it."""

from copy import copy

import numpy as np

from synfine_monai.planning.draw import SliceLook, window_probabilities
from synfine_monai.planning.estimate import Residuals
from synfine_monai.planning.windows import window_totals

DESIGNS = ("uniform", "uncertainty", "inside")
"""Of the windows: all alike, half where the network is unsure, or (wrong) only those inside the image."""


class Redraws:
    """Draw windows of one size from a volume many times, at the cost of a look-up each.

    Args:
        wrong: (D, H, W) float, truth minus prediction of one class.
        core: (D, H, W) bool.
        size: side of the windows in voxels.
        design: one of ``DESIGNS``.
        uncertainty: (D, H, W) float, for the design of that name.

    Attributes:
        largest: most that one window can weigh, see ``estimate_share``.

    Raises:
        ValueError: if the design is unknown.
    """

    def __init__(
        self, wrong: np.ndarray, core: np.ndarray, size: int, design: str = "uniform",
        uncertainty: np.ndarray | None = None,
    ) -> None:  # fmt: skip
        if design not in DESIGNS:
            raise ValueError(f"design '{design}' is unknown: choose {', '.join(DESIGNS)}.")
        unsure = [None] * len(core) if design != "uncertainty" or uncertainty is None else uncertainty
        chances = np.stack([window_probabilities(SliceLook(*pair), size) for pair in zip(core, unsure, strict=True)])
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
        self.largest = (2 if design == "uncertainty" else 1) * float(windows.max() / voxels.mean())
        self.voxels = window_totals(core, size)[self.kept].reshape(self.kept.sum(), -1)
        self.wrong = self._totals(wrong)

    def of(self, wrong: np.ndarray) -> "Redraws":
        """The same windows, for another prediction or class."""
        other = copy(self)
        other.wrong = self._totals(wrong)
        return other

    def _totals(self, wrong: np.ndarray) -> np.ndarray:
        totals = window_totals(np.where(self.core, wrong, 0.0), self.size)[self.kept]
        return totals.reshape(len(totals), -1)

    def draw(self, windows: int, redraws: int, seed: int = 0, predicted: float = 0.0) -> Residuals:
        """Residuals of ``redraws`` audits of as many windows each, arrays (redraws, windows)."""
        rng = np.random.default_rng(seed)
        z = rng.integers(len(self.chances), size=redraws * windows)
        at, place = rng.uniform(size=z.size), np.empty(z.size, np.int64)
        for depth in np.unique(z):
            mine = z == depth
            place[mine] = np.searchsorted(self.upto[depth], at[mine] * self.upto[depth, -1], "right")
        place = np.minimum(place, self.chances.shape[1] - 1)
        wrong, voxels, chances = (
            table[z, place].reshape(redraws, windows) for table in (self.wrong, self.voxels, self.chances)
        )
        return Residuals(wrong, voxels, chances, predicted)
