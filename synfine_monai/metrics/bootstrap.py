"""Intervals of a mean over specimens, items or seeds, and of Dice over places."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from synfine_monai.errors import ScanError
from synfine_monai.metrics.places import dice_of


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


def place_interval(
    counts: np.ndarray, score: str, seed: int = 0, draws: int = 2000, confidence: float = 0.95
) -> Interval:
    """Interval of the mean over runs of the Dice that is pooled over places.

    Each draw takes as many runs and as many places as there are, with replacement; every run is scored on the same
    drawn places. Another training and another piece of the same rock are thus both answered for; another rock is not.
    With one run, or one place, only the other side varies.

    Args:
        counts: (runs, places, K + 1, 2), for each run what ``place_counts`` gives, added over slices. Places of
            several scans are put behind each other.
        score: "mean_dice" or "pore_dice".
        seed: of the draws; the same seed gives the same interval.
        draws: number of resamplings.
        confidence: share of the draws inside the interval, 0 to 1.

    Raises:
        ValueError: if the shape or the score is not as above.
        ScanError: if the score is undefined because nothing is labelled, or there are no pores to find.

    Source: Owen, The pigeonhole bootstrap, Annals of Applied Statistics 1 (2007) 386-411.
    """
    (counts,) = _labelled_places(counts)
    weights = _draw_weights(counts.shape, seed, draws)
    return _interval(_dice_of_runs(counts, weights, score), weights[0], confidence)


def paired_place_difference(
    counts: np.ndarray, reference: np.ndarray, score: str, seed: int = 0, draws: int = 2000, confidence: float = 0.95
) -> Interval:
    """Interval of the mean difference in Dice, ``counts − reference``, paired by run and by place.

    Both sides see the same drawn runs and the same drawn places, so what makes a seed or a place hard for both
    drops out.

    Args:
        counts: (runs, places, K + 1, 2) of one method, see ``place_interval``.
        reference: the same of the other, its runs (seeds) and places in the same order.
        score: "mean_dice" or "pore_dice".
        seed: of the draws; the same seed gives the same interval.
        draws: number of resamplings.
        confidence: share of the draws inside the interval, 0 to 1.

    Raises:
        ValueError: if the two differ in shape, or shape or score are not as above.
        ScanError: if the score is undefined because nothing is labelled, or there are no pores to find.
    """
    if np.shape(counts) != np.shape(reference):
        raise ValueError(f"Pairs need equal shapes, got {np.shape(counts)} and {np.shape(reference)}.")
    counts, reference = _labelled_places(counts, reference)
    weights = _draw_weights(counts.shape, seed, draws)
    difference = _dice_of_runs(counts, weights, score) - _dice_of_runs(reference, weights, score)
    return _interval(difference, weights[0], confidence)


def equal(difference: Interval, margin: float = 0.01) -> bool:
    """Say whether two methods are called equal: they lie within ``margin``, or the interval covers zero."""
    return abs(difference.mean) <= margin or difference.low <= 0 <= difference.high


def _labelled_places(*sides: np.ndarray) -> list[np.ndarray]:
    """Leave out the places where neither side counted a voxel: they say nothing, but would be drawn."""
    sides = [np.asarray(side, dtype=np.float64) for side in sides]
    if sides[0].ndim != 4 or 0 in sides[0].shape:
        raise ValueError(f"Counts must have shape (runs, places, classes, 2), got {sides[0].shape}.")
    labelled = np.any([side.any(axis=(0, 2, 3)) for side in sides], axis=0)
    if not labelled.any():
        raise ScanError("There is nothing to score: no place has a labelled voxel.")
    return [side[:, labelled] for side in sides]


def _draw_weights(shape: Sequence[int], seed: int, draws: int) -> tuple[np.ndarray, np.ndarray]:
    """How often each run and place is drawn, (1 + draws, runs) and (1 + draws, places); the first row is the data."""
    generator = np.random.default_rng(seed)
    drawn = (generator.multinomial(units, np.full(units, 1 / units), size=draws) for units in shape[:2])
    run_weights, place_weights = (np.vstack([np.ones_like(weights[:1]), weights]) for weights in drawn)
    return run_weights, place_weights


def _dice_of_runs(counts: np.ndarray, weights: tuple[np.ndarray, np.ndarray], score: str) -> np.ndarray:
    """(runs, places, K + 1, 2) -> (1 + draws, runs): each run's Dice, pooled over the places of each draw."""
    return dice_of(np.tensordot(weights[1], counts, axes=(1, 1)), score)


def _interval(dice: np.ndarray, run_weights: np.ndarray, confidence: float) -> Interval:
    """Mean and percentiles of the weighted mean over runs; runs and draws without a defined Dice are left out."""
    weights = np.where(np.isnan(dice), 0, run_weights)
    totals = weights.sum(1)
    means = (weights * np.nan_to_num(dice)).sum(1)[totals > 0] / totals[totals > 0]
    if not totals[0]:
        raise ScanError("There is nothing to score: truth and prediction are without pores everywhere.")
    low, high = np.quantile(means[1:], [(1 - confidence) / 2, (1 + confidence) / 2])
    return Interval(float(means[0]), float(low), float(high))
