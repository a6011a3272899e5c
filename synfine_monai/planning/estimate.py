"""The share of a phase in a whole scan, from its prediction and from what a few labelled windows show to be wrong."""

from dataclasses import dataclass
from math import ceil

import numpy as np
from scipy.stats import t as student

from synfine_monai.errors import ScanError
from synfine_monai.planning.betting import betting_interval

FEWEST_WINDOWS = 8
"""Below, the distribution of the estimate is not known well enough for an interval."""

FEWEST_WRONG = 5
"""Windows that must show the segmentation wrong: fewer do not tell how wrong it is elsewhere."""

NORMAL_TAILS = 3.0
"""Kurtosis of a normal distribution."""

LOOKS = (16, 32, 64, 128)
"""Numbers of windows at which somebody who looks while labelling may look."""


@dataclass(frozen=True)
class Residuals:
    """What labelled windows show of one class: the last axis of each array is the windows, in the order of the draw.

    Attributes:
        wrong: (..., n) labelled minus predicted voxels of the class in each window.
        voxels: (..., n) voxels of the core in each window.
        probability: (..., n) of each window in one draw; a factor common to all does not matter.
        predicted: share of the class in the whole core by the prediction, one number, or (..., n) where windows were
            judged by different networks (each by one that has not learned from it).
        labelled: (..., n) labelled voxels of the class in each window, or None if unknown.
        tails: kurtosis of the prediction over all windows, see ``WindowTails``; 3 if unknown.
    """

    wrong: np.ndarray
    voxels: np.ndarray
    probability: np.ndarray
    predicted: np.ndarray | float
    labelled: np.ndarray | None = None
    tails: float = NORMAL_TAILS

    def part(self, kept: np.ndarray) -> "Residuals":
        """The windows at ``kept``, along the last axis."""
        predicted = self.predicted if np.ndim(self.predicted) == 0 else np.asarray(self.predicted)[..., kept]
        labelled = None if self.labelled is None else self.labelled[..., kept]
        wrong, voxels, probability = (one[..., kept] for one in (self.wrong, self.voxels, self.probability))
        return Residuals(wrong, voxels, probability, predicted, labelled, self.tails)

    def audit(self, k: int) -> "Residuals":
        """One of many audits, along the first axis."""
        labelled = None if self.labelled is None else self.labelled[k]
        return Residuals(self.wrong[k], self.voxels[k], self.probability[k], self.predicted, labelled, self.tails)

    @property
    def least_tails(self) -> np.ndarray | float:
        r"""Kurtosis that what windows show to be wrong has at least, (...).

        A network that misses a phase misses it wherever it is: its residuals are as rare and as large as the pieces of
        the phase, which a few windows may all have missed. The prediction knows how rare these are,
        :math:`\kappa`, and the labels in the windows how much of the phase it gets wrong, :math:`\rho` from 0 to 1:
        :math:`3 (\kappa/3)^{0.8 \rho}`. The exponent is by trial, see docs/results/audit_coverage.md.
        """
        if self.labelled is None or self.tails <= NORMAL_TAILS:
            return NORMAL_TAILS
        weights = 1 / self.probability
        held = (weights * np.abs(2 * self.labelled - self.wrong)).sum(-1)  # labelled and predicted
        wrong = np.clip((weights * np.abs(self.wrong)).sum(-1) / np.maximum(held, 1e-300), 0, 1)
        return NORMAL_TAILS * (self.tails / NORMAL_TAILS) ** (0.8 * wrong)


@dataclass(frozen=True)
class ShareEstimate:
    """A share with its interval, all between 0 and 1.

    Attributes:
        share: corrected by the windows.
        predicted: before.
        low, high: ends of the interval; None where there are too few windows for one.
        error: standard error of ``share``; None where there is no interval.
        windows: how many tell it.
        confidence: of the interval.
        way: "t" or "betting": the latter where fewer than 5 windows show anything wrong, or all the same.
    """

    share: float
    predicted: float
    low: float | None
    high: float | None
    error: float | None
    windows: int
    confidence: float = 0.95
    way: str = "t"

    @property
    def half_width(self) -> float | None:
        """Of the interval; None where there is none."""
        return None if self.low is None or self.high is None else (self.high - self.low) / 2

    def windows_for(self, half_width: float) -> int | None:
        """Windows in all that reach an interval of ± ``half_width``: (t·s/ε)²; None where nothing tells."""
        if not self.error or self.way != "t":
            return None
        spread, quantile = self.error * np.sqrt(self.windows), (1 + self.confidence) / 2
        needed = before = FEWEST_WINDOWS
        for _ in range(8):  # t depends on n, but hardly
            before = needed
            needed = max(FEWEST_WINDOWS, ceil((student.ppf(quantile, before - 1) * spread / half_width) ** 2 - 1e-9))
        return max(needed, before)


def difference_estimate(residuals: Residuals) -> tuple[np.ndarray, np.ndarray]:
    r"""The share of a class in the core, and its standard error.

    .. math:: \hat\varphi = \frac{\sum_i w_i (d_i + m_i b_i)}{\sum_i w_i m_i}, \quad w_i = 1 / P_i

    with :math:`d_i` what window i shows to be wrong, :math:`m_i` its voxels in the core and :math:`b_i` the predicted
    share of the whole core. Windows hang over the edges of the image, so that each voxel is in as many windows as any
    other and both sums are unbiased up to the same factor. The error is that of the delete-one jackknife over windows.

    Returns:
        Share and error, both (...), for residuals of shape (..., n).

    Source: Särndal, Swensson & Wretman, Model Assisted Survey Sampling (1992), sec. 6.3 (difference estimator) and 5.6
    (ratio); Zrnic & Candès, Cross-prediction-powered inference, PNAS 121 (2024), where networks differ.
    """
    share, moved = _jackknife(residuals)
    count = moved.shape[-1]
    return share, np.sqrt((moved**2).sum(-1) / (count * (count - 1)))


def _jackknife(residuals: Residuals) -> tuple[np.ndarray, np.ndarray]:
    """The share (...), and how far each window moves it (..., n): like the deviations of n values from their mean."""
    weights = 1 / np.asarray(residuals.probability, float)
    above = weights * (residuals.wrong + residuals.voxels * np.asarray(residuals.predicted, float))
    below = weights * residuals.voxels
    left = (above.sum(-1, keepdims=True) - above) / np.maximum(below.sum(-1, keepdims=True) - below, 1e-300)
    return above.sum(-1) / below.sum(-1), (above.shape[-1] - 1) * (left.mean(-1, keepdims=True) - left)


def share_intervals(
    residuals: Residuals, confidence: float = 0.95
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    r"""Share, its standard error, and both ends of its interval; each (...).

    A network errs seldom but much, so that what windows show is skewed and has long tails; the plain t interval then
    holds the truth in 87 of 100 cases only, with 16 windows. Two things mend it. Quantiles are taken after Hall's cubic
    transformation of the studentised share, :math:`g(W) = W + \gamma W^2/3 + \gamma^2 W^3/27 + \gamma/6n`. And the
    degrees of freedom of t are those that the error's estimate has: :math:`2n/(\kappa - 1)` by the kurtosis
    :math:`\kappa` of the windows (not below ``Residuals.least_tails``), at most one less than the windows that show
    anything wrong. Where windows are close to normal it is the t interval with n - 1 degrees of freedom.

    Source: Hall, On the removal of skewness by transformation, Journal of the Royal Statistical Society B 54 (1992)
    221-228; Satterthwaite, Biometrics 2 (1946) 110-114, for degrees of freedom that match the moments.
    """
    share, moved = _jackknife(residuals)
    count = moved.shape[-1]
    error = np.sqrt((moved**2).sum(-1) / (count * (count - 1)))
    scaled = moved / np.maximum(moved.std(-1, keepdims=True), 1e-12)
    quantile = student.ppf((1 + confidence) / 2, _degrees(scaled, residuals)) / np.sqrt(count)
    skew = (scaled**3).mean(-1)
    above, below = (np.sqrt(count) * error * _hall_inverse(sign * quantile, skew, count) for sign in (1, -1))
    return share, error, share - above, share - below


def _degrees(scaled: np.ndarray, residuals: Residuals) -> np.ndarray:
    """Degrees of freedom of the error, from how far each window moves the share in units of their spread."""
    n = scaled.shape[-1]
    tails = (scaled**4).mean(-1)
    if n > 3:  # without the bias of few
        tails = (n - 1) / ((n - 2) * (n - 3)) * ((n + 1) * tails - 3 * (n - 1)) + 3
    tails = np.maximum(tails, residuals.least_tails)
    told = np.count_nonzero(residuals.wrong, axis=-1)
    return np.clip(np.minimum(2 * n / np.maximum(tails - 1, 1e-9), told - 1), min(2, n - 1), n - 1)


def _hall_inverse(value: np.ndarray, skew: np.ndarray, count: int) -> np.ndarray:
    """W of which ``value`` is the transform."""
    safe = np.where(np.abs(skew) < 1e-4, 1e-4, skew)
    return 3 / safe * (np.cbrt(1 + safe * (value - safe / (6 * count))) - 1)


def estimate_share(residuals: Residuals, confidence: float = 0.95, largest: float = 4.0) -> ShareEstimate:
    """The share of a class with its interval.

    Args:
        residuals: of n windows, arrays of shape (n,).
        confidence: of the interval.
        largest: most that one window can weigh, in mean weights: windows of one image by voxels of its core, more for
            the mixed draw. Only needed for bets.

    Raises:
        ScanError: if no window has a voxel in the core.
    """
    if not np.any(residuals.voxels):
        raise ScanError("no window of the plan has a labelled voxel in the core: is it another core's plan?")
    share, error, low, high = (float(one) for one in share_intervals(residuals, confidence))
    predicted, count = float(np.mean(residuals.predicted)), len(residuals.wrong)
    if count < FEWEST_WINDOWS:
        return ShareEstimate(share, predicted, None, None, None, count, confidence)
    way = "t"
    if error < 1e-9 or np.count_nonzero(residuals.wrong) < FEWEST_WRONG:
        way = "betting"
        weights = residuals.voxels / residuals.probability
        values = (residuals.wrong / np.maximum(residuals.voxels, 1)) * weights / weights.mean()
        reach = max(largest, float(np.max(weights / weights.mean())))
        low, high = (predicted + end for end in betting_interval(values, -reach, reach, confidence))
    return ShareEstimate(share, predicted, max(low, 0.0), min(high, 1.0), error, count, confidence, way)


def pooled_share(estimates: list[ShareEstimate], voxels: list[int]) -> ShareEstimate:
    """The share over several scans, each with an audit of its own: the sum over strata, by their voxels.

    Args:
        estimates: of each scan, with intervals of the same confidence.
        voxels: of each scan's core.

    Raises:
        ScanError: if one of them has no interval.

    Source: Satterthwaite, An approximate distribution of estimates of variance components, Biometrics 2 (1946), for the
    degrees of freedom.
    """
    if any(one.error is None for one in estimates):
        raise ScanError(f"every scan needs {FEWEST_WINDOWS} windows for an interval of them all.")
    weights = np.asarray(voxels, float) / np.sum(voxels)
    parts = (weights * [one.error for one in estimates]) ** 2
    share, predicted = (float(weights @ [getattr(one, name) for one in estimates]) for name in ("share", "predicted"))
    count, confidence, error = sum(one.windows for one in estimates), estimates[0].confidence, np.sqrt(parts.sum())
    if any(one.way != "t" for one in estimates):  # Bonferroni would be wider still; ends of each hold for it alone
        low, high = (float(weights @ [getattr(one, end) for one in estimates]) for end in ("low", "high"))
        return ShareEstimate(share, predicted, low, high, float(error), count, confidence, "betting")
    degrees = parts.sum() ** 2 / np.sum(parts**2 / [one.windows - 1 for one in estimates])
    reach = float(student.ppf((1 + confidence) / 2, degrees) * error)
    return ShareEstimate(
        share, predicted, max(share - reach, 0), min(share + reach, 1), float(error), count, confidence
    )


def confidence_of_a_look(confidence: float = 0.95, looks: int = len(LOOKS)) -> float:
    """Of each interval where all of ``looks`` must hold together: the chance of an error is shared alike."""
    return 1 - (1 - confidence) / looks
