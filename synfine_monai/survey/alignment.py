"""A scan brought onto the grey scale of a model's training scan, whatever the shares of its phases."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from scipy.optimize import minimize

from synfine_monai.errors import ScanError
from synfine_monai.survey.grey_scale import GreyMixture, GreyScale, RawScale

ITS_OWN = "those of the training scan, which this one is"
AS_IN_TRAINING = "taken as those of the training scan"
ALIGNMENTS = ("auto", "training", "fitted", "own")
FITTED_VOXELS = 1 << 16  # of a scan, drawn evenly: their sampling error is far below that of a crop
GAIN_RANGE, OFFSET_RANGE = 4.0, 4.0  # of a fit, against the scan's own mean and standard deviation
STARTS = [(gain, offset) for gain in (0.6, 1.0, 1.6) for offset in (-0.6, 0.0, 0.6)]
RANGE = 12.0  # of the scan's own deviations: what is none of the classes lies anywhere in it
MOST_FOREIGN = 0.4  # of a scan on training's scale may be a phase that training did not have
PEAK_SHARE = 0.01  # a gain needs two phases: the second fills at least this much of the core
WIDTHS = (0.5, 0.65, 0.8, 1.25, 1.6, 2.0, 2.5, 3.2, 4.0)  # times training's: blur narrows peaks, noise widens them
WIDENED = 0.75  # of what differs from place to place: the likelihood that another width brings where Dice is lost
SEEN = 0.003  # nats a voxel: what labels, noise and drift leave unexplained on the training scan itself
UNUSUAL = 0.06  # nats a voxel beyond what few voxels leave: then Dice is lost, on crops and changed scans of all tasks
SEEN_BY_FEW = 5000.0  # nats: a crop of N voxels may differ by this over N, as the rock differs from place to place


@dataclass(frozen=True)
class Alignment:
    """How a scan was brought onto a model's scale: (grey level - center) / scale.

    Attributes:
        center: grey level that becomes 0.
        scale: grey levels to one normalised unit, > 0.
        how: in words, for one printed line.
        unexplained: distance of the aligned histogram to the model's classes in any shares, nats a voxel; NaN unknown.
        foreign: share of the voxels whose grey level is that of no class; NaN if unknown.
        width: how many times as wide as in training the classes' peaks are: below 1 by blur, above by noise or drift.
        usual: ``unexplained`` of scans of this size that lose nothing is below this; NaN if unknown.
        sure: whether the scan has what it takes to find gain and offset, or needed none.
    """

    center: float
    scale: float
    how: str
    unexplained: float = float("nan")
    foreign: float = float("nan")
    width: float = 1.0
    usual: float = float("nan")
    sure: bool = True


def align(values: np.ndarray, dtype: str, own: tuple[float, float], scale: GreyScale | None, way: str) -> Alignment:
    """Find center and scale for a scan.

    The training scan's are taken where they explain the scan's histogram as well as any others do within what differs
    from place to place in one rock; else those by which the classes of training, in whatever shares, explain it best.
    On training's scale the classes may be narrower or wider than they were: blur and noise are no gain.

    Args:
        values: (N,) grey levels inside the core.
        dtype: of the scan, numpy's name.
        own: center and scale by the scan's own statistics.
        scale: what the model knows of its training scans; None if nothing, so that ``own`` is taken.
        way: one of ``ALIGNMENTS``.

    Raises:
        ScanError: if the way is unknown, or needs what the model does not have.
    """
    if way not in ALIGNMENTS:
        raise ScanError(f"normalisation {way!r} is unknown: choose {', '.join(ALIGNMENTS)}.")
    if way in ("training", "fitted") and scale is None:
        raise ScanError(
            f"normalisation {way!r} needs a model that keeps the grey levels of its training scan; this one does not: "
            "choose 'auto' or 'own'."
        )
    if way == "own" or scale is None:
        return Alignment(*own, "normalised by the scan's own mean and spread")
    if way == "auto" and scale.is_of(*own):
        return Alignment(*own, ITS_OWN, 0.0, 0.0)
    found = _matched(values, dtype, own, scale, way)
    return replace(found, usual=UNUSUAL + SEEN_BY_FEW / len(values))


def _matched(values: np.ndarray, dtype: str, own: tuple[float, float], scale: GreyScale, way: str) -> Alignment:
    sample = values[:: max(1, len(values) // FITTED_VOXELS)]
    judge = partial(_judged, sample, own[1])
    known = max((judge(scale.mixture, *one) for one in _known(scale, dtype)), key=lambda one: one.likelihood)
    leeway = SEEN + SEEN_BY_FEW / len(values)
    if way == "training" or (way == "auto" and known.fits(leeway)):
        return known.alignment(AS_IN_TRAINING)
    if way == "auto":
        known = _with_new_phase(judge, known, scale.mixture)
        if known.fits(leeway):
            return known.alignment(AS_IN_TRAINING)
    fit = _fitted(sample, own, known, scale.mixture)
    if way == "auto":
        width, likelihood = _other_width(judge, known, scale.mixture)
        if fit.likelihood - likelihood <= leeway:
            told = width if likelihood - known.likelihood > WIDENED * leeway else 1.0
            return replace(known.alignment(AS_IN_TRAINING), width=told)
    if fit.phases < 2:
        return known.alignment(f"{AS_IN_TRAINING}, for only one phase is seen", sure=False)
    gain = scale.scans[0].scale / fit.scale
    words = f"gain {gain:.3g} and offset {scale.scans[0].center - gain * fit.center:+.4g} bring them onto training's"
    return fit.alignment(words)


def _with_new_phase(judge: Callable[..., "_Judged"], known: "_Judged", mixture: GreyMixture) -> "_Judged":
    found = judge(mixture, known.center, known.scale, new_phase=True)
    return found if found.shares[-1] <= MOST_FOREIGN else known


def _other_width(judge: Callable[..., "_Judged"], known: "_Judged", mixture: GreyMixture) -> tuple[float, float]:
    """How wide the classes are on training's scale, in times, and how likely the scan is with that."""
    found = [(1.0, known.likelihood)]
    for width in WIDTHS:
        one = judge(mixture.stretched(width), known.center, known.scale)
        found += [(width, one.likelihood), (width, _with_new_phase(judge, one, mixture.stretched(width)).likelihood)]
    return max(found, key=lambda one: one[1])


@dataclass(frozen=True)
class _Judged:
    """A center and scale, and how well the classes explain the scan by them."""

    center: float
    scale: float
    likelihood: float
    unexplained: float
    shares: np.ndarray

    @property
    def phases(self) -> int:
        return int((self.shares[:-1] >= PEAK_SHARE).sum())

    def fits(self, leeway: float) -> bool:
        return self.unexplained <= leeway and self.shares[-1] <= MOST_FOREIGN

    def alignment(self, how: str, sure: bool = True) -> Alignment:
        return Alignment(self.center, self.scale, how, self.unexplained, float(self.shares[-1]), sure=sure)


def _judged(
    values: np.ndarray, spread: float, mixture: GreyMixture, center: float, scale: float, *, new_phase: bool = False
) -> _Judged:
    background = scale / (RANGE * spread)
    found = mixture.fit_shares((values - center) / scale, background, new_phase=new_phase)
    shares, likelihood, unexplained = found
    return _Judged(center, scale, likelihood - np.log(scale), unexplained, shares)  # density of grey levels


def _known(scale: GreyScale, dtype: str) -> Iterator[tuple[float, float]]:
    """Training's scales, as they are and as exports to another type change them."""
    for scan in scale.scans:
        for factor, offset in _exports(scan, dtype):
            yield factor * scan.center + offset, factor * scan.scale


def _exports(scan: RawScale, dtype: str) -> Iterator[tuple[float, float]]:
    yield 1.0, 0.0
    (old, old_low), (new, new_low) = _range(scan.dtype), _range(dtype)
    if scan.dtype != dtype:
        for factor in {new / old, (new + (new > 1)) / (old + (old > 1))}:
            yield factor, new_low - factor * old_low
        yield 1.0, new_low - old_low


def _range(dtype: str) -> tuple[float, float]:
    kind = np.dtype(dtype)
    if kind.kind not in "ui":
        return 1.0, 0.0
    limits = np.iinfo(kind)
    return float(limits.max) - float(limits.min), float(limits.min)


def _fitted(values: np.ndarray, own: tuple[float, float], known: _Judged, mixture: GreyMixture) -> _Judged:
    center, spread = own
    standard = (values - center) / spread

    def cost(logarithm_and_offset: np.ndarray) -> float:
        logarithm, offset = logarithm_and_offset
        if abs(logarithm) > np.log(GAIN_RANGE) or abs(offset) > OFFSET_RANGE:
            return np.inf
        gain = np.exp(logarithm)
        return -mixture.fit_shares(gain * standard + offset, 1 / (RANGE * gain), 25)[1] - logarithm

    starts = [(np.log(gain), offset) for gain, offset in STARTS]
    starts.append((np.log(spread / known.scale), (center - known.center) / known.scale))
    rough = sorted((s for s in starts if np.isfinite(cost(np.array(s)))), key=lambda s: cost(np.array(s)))[:4]
    found = [_polished(cost, np.array(start)) for start in rough]
    logarithm, offset = min(found, key=cost)
    scale = spread / np.exp(logarithm)
    return _judged(values, spread, mixture, float(center - offset * scale), float(scale))


def _polished(cost: Callable[[np.ndarray], float], start: np.ndarray) -> np.ndarray:
    simplex = start + np.array([[0.0, 0.0], [0.1, 0.0], [0.0, 0.1]])
    options = {"xatol": 1e-3, "fatol": 1e-6, "maxiter": 120, "initial_simplex": simplex}
    return minimize(cost, start, method="Nelder-Mead", options=options).x
