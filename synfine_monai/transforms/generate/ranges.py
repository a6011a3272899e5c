"""A parameter of a preset: a number, or a (lowest, highest) pair from which every rock draws its own."""

from collections.abc import Sequence

import numpy as np

__all__ = ["Range", "log_uniform", "uniform"]

Range = float | Sequence[float]


def _ends(value: Range) -> tuple[float, float]:
    if isinstance(value, int | float):
        return float(value), float(value)
    low, high = (float(end) for end in value)
    if low > high:
        raise ValueError(f"the range [{low}, {high}] runs backwards.")
    return low, high


def uniform(random: np.random.RandomState, value: Range) -> float:
    """Draw evenly between the ends; for fractions, grey levels and shares."""
    low, high = _ends(value)
    return low + (high - low) * random.uniform()


def log_uniform(random: np.random.RandomState, value: Range) -> float:
    """Draw evenly between the logarithms of the ends, both > 0; for lengths and strengths."""
    low, high = _ends(value)
    if low <= 0:
        raise ValueError(f"the range [{low}, {high}] must be positive.")
    return low * (high / low) ** random.uniform()
