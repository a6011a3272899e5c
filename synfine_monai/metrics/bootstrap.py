"""Intervals of a mean over specimens, items or seeds."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

__all__ = ["Interval", "bootstrap_interval"]


class Interval(NamedTuple):
    """A mean with the ends of its confidence interval."""

    mean: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.mean:.3f} [{self.low:.3f}, {self.high:.3f}]"


def bootstrap_interval(
    values: Sequence[float], seed: int = 0, confidence: float = 0.95, draws: int = 10_000
) -> Interval:
    """Percentile bootstrap of the mean.

    Args:
        values: one number for each independent unit (a specimen or a seed; not slices of one core).
        seed: of the draws; the same seed gives the same interval.
        confidence: share of the draws inside the interval, 0 to 1.
        draws: number of resamplings.

    Raises:
        ValueError: if there are no values.

    Source: Efron & Tibshirani, An Introduction to the Bootstrap, ch. 13.
    """
    units = np.asarray(values, dtype=np.float64)
    if units.ndim != 1 or not units.size:
        raise ValueError(f"A bootstrap needs a list of at least one value, got shape {units.shape}.")
    means = np.random.default_rng(seed).choice(units, size=(draws, units.size)).mean(axis=1)
    low, high = np.quantile(means, [(1 - confidence) / 2, (1 + confidence) / 2])
    return Interval(float(units.mean()), float(low), float(high))
