"""An interval of the mean of a bounded quantity that holds for any distribution and any number of values."""

import numpy as np

GRID = 2001


def betting_interval(values: np.ndarray, low: float, high: float, confidence: float = 0.95) -> tuple[float, float]:
    """Means that no bettor has grown rich against: each candidate mean is bet against, fairly if it is the true one.

    A bettor's wealth against the true mean is above 2/(1 - confidence) with a chance of at most half of
    1 - confidence. One bets on values above the candidate, one on values below; the bets are made from the values
    before.

    Args:
        values: (n,) independent, all of the same mean, between ``low`` and ``high``.
        low: lowest value that is possible.
        high: highest.
        confidence: 0 to 1.

    Returns:
        Lower and upper end.

    Raises:
        ValueError: if a value is out of range, or the range is empty.

    Source: Waudby-Smith & Ramdas, Estimating means of bounded random variables by betting, Journal of the Royal
    Statistical Society B 86 (2024) 1-27: the hedged capital process with predictable plug-in bets.
    """
    if not low < high or (len(values) and not (low - 1e-9 <= np.min(values) and np.max(values) <= high + 1e-9)):
        raise ValueError(f"values must lie between {low} and {high}.")
    scaled = (np.asarray(values, float) - low) / (high - low)
    means = np.linspace(0, 1, GRID)
    bound = np.log(2 / (1 - confidence))
    up, down, alive = np.zeros(GRID), np.zeros(GRID), np.ones(GRID, bool)
    with np.errstate(divide="ignore"):
        for value, bet in zip(scaled, _bets(scaled, confidence), strict=True):
            up += np.log1p(np.minimum(bet, 0.99 / np.maximum(means, 1e-12)) * (value - means))
            down += np.log1p(-np.minimum(bet, 0.99 / np.maximum(1 - means, 1e-12)) * (value - means))
            alive &= np.maximum(up, down) < bound
    kept = np.flatnonzero(alive)
    step = 1 / (GRID - 1)
    ends = (means[kept[0]] - step, means[kept[-1]] + step) if len(kept) else (scaled.mean(), scaled.mean())
    return low + (high - low) * max(0.0, float(ends[0])), low + (high - low) * min(1.0, float(ends[1]))


def _bets(scaled: np.ndarray, confidence: float) -> np.ndarray:
    """Stakes for a sample of known size n: high where the values so far vary little."""
    n = len(scaled)
    count = np.arange(1, n + 1)
    mean = (0.5 + scaled.cumsum()) / (count + 1)
    variance = (0.25 + np.cumsum((scaled - mean) ** 2)) / (count + 1)
    before = np.concatenate([[0.25], variance[:-1]])
    return np.sqrt(2 * np.log(2 / (1 - confidence)) / (n * before))
