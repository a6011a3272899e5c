"""Interval of a share that few units tell, such as a handful of strokes."""

from collections.abc import Sequence

import numpy as np
from scipy.stats import beta

from synfine_monai.metrics.bootstrap import Interval


def clustered_share(shares: Sequence[float], weights: Sequence[float], confidence: float = 0.95) -> Interval:
    """Clopper-Pearson's interval with as many trials as there are units, since voxels of one stroke are no news.

    A bootstrap of five strokes that are all right says that the next one is right for certain; this does not.

    Args:
        shares: of each unit, 0 to 1.
        weights: of each unit in the mean: its voxels.
        confidence: 0 to 1.

    Raises:
        ValueError: if there are no units.

    Source: Korn & Graubard, Confidence intervals for proportions with small expected number of positive counts
    estimated from survey data, Survey Methodology 24 (1998) 193-201; each unit counts as one trial.
    """
    if not len(shares):
        raise ValueError("An interval of a share needs at least one unit.")
    units, mean = len(shares), float(np.average(shares, weights=weights))
    tail, hits = (1 - confidence) / 2, units * mean
    low = 0.0 if hits <= 0 else float(beta.ppf(tail, hits, units - hits + 1))
    high = 1.0 if hits >= units else float(beta.ppf(1 - tail, hits + 1, units - hits))
    return Interval(mean, low, high)
