"""The grey levels that a model knows: its training scans' scale, and how grey each of its classes is on it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from scipy.ndimage import gaussian_filter1d

from synfine_monai.errors import ScanError

BIN_EDGES = np.linspace(-6.0, 6.0, 241).round(6)
SMOOTHING = 0.7  # bins: a class that fills a few thousand voxels has a ragged histogram
EM_STEPS = 60
PEAK_REACH = 0.6  # normalised units around the top of what no class explains, that a new phase is told from


@dataclass(frozen=True)
class RawScale:
    """How grey levels of one training scan become normalised values: (grey level - center) / scale.

    Attributes:
        dtype: of the scan's voxels, numpy's name.
        center: grey level that becomes 0.
        scale: grey levels to one normalised unit, > 0.
    """

    dtype: str
    center: float
    scale: float


@dataclass(frozen=True)
class GreyScale:
    """What a model keeps of its training scans' grey levels, in ``model.json`` as "grey_levels".

    Attributes:
        scans: scale of each training specimen.
        bin_edges: B + 1 ascending edges, normalised units.
        classes: for each class that was seen B shares that add up to 1: the voxels that the network gives that class.
    """

    scans: tuple[RawScale, ...]
    bin_edges: tuple[float, ...]
    classes: tuple[tuple[float, ...], ...]

    def to_dict(self) -> dict[str, Any]:
        """Plain numbers, strings and lists, for JSON."""
        return {
            "scans": [vars(scan) for scan in self.scans],
            "bin_edges": list(self.bin_edges),
            "classes": [[round(share, 6) for share in one] for one in self.classes],
        }

    @classmethod
    def from_dict(cls, entry: Mapping[str, Any] | None) -> "GreyScale | None":
        """What ``to_dict`` wrote; None where a model has none: older ones, and those that saw no scan yet.

        Raises:
            ScanError: if an entry is missing or no number.
        """
        if not entry:
            return None
        try:
            scans = tuple(RawScale(str(s["dtype"]), float(s["center"]), float(s["scale"])) for s in entry["scans"])
            classes = tuple(tuple(map(float, one)) for one in entry["classes"])
            return cls(scans, tuple(map(float, entry["bin_edges"])), classes)
        except (KeyError, TypeError, ValueError) as error:
            raise ScanError(f"the model's 'grey_levels' cannot be read ({error}): was model.json edited?") from error

    def is_of(self, center: float, scale: float) -> bool:
        """Whether these statistics are those of one of the training scans, to nine digits."""
        return any(np.allclose((one.center, one.scale), (center, scale), rtol=1e-9, atol=0) for one in self.scans)

    @cached_property
    def mixture(self) -> "GreyMixture":
        """The classes as components of which any scan's histogram is made."""
        return GreyMixture(np.asarray(self.bin_edges), np.asarray(self.classes))


class GreyMixture:
    """Histograms of classes whose shares are free, and an even background for what is none of them.

    Args:
        edges: B + 1 edges, evenly spaced.
        classes: (K, B) shares of each class.
    """

    def __init__(self, edges: np.ndarray, classes: np.ndarray) -> None:
        self.edges = edges
        smooth = gaussian_filter1d(classes, SMOOTHING, axis=1, mode="nearest") + 1e-12
        self.classes = np.pad(smooth / smooth.sum(1, keepdims=True), ((0, 0), (0, 1)), constant_values=1e-12)

    def stretched(self, factor: float) -> "GreyMixture":
        """The same classes, each ``factor`` times as wide about its mean."""
        middles = np.convolve(self.edges, [0.5, 0.5], "valid")
        inside = self.classes[:, :-1]
        means = inside @ middles / inside.sum(1)
        wide = [np.interp(m + (middles - m) / factor, middles, one) for m, one in zip(means, inside, strict=True)]
        return GreyMixture(self.edges, np.asarray(wide))

    def fit_shares(
        self, values: np.ndarray, background: float, steps: int = EM_STEPS, new_phase: bool = False
    ) -> tuple[np.ndarray, float, float]:
        """Shares under which the values are most likely, by expectation and maximisation.

        Args:
            values: (N,) on the mixture's scale.
            background: density of what is no class, a normalised unit.
            steps: of the iteration.
            new_phase: whether a normal peak that no class has may be among them.

        Returns:
            K + 1 shares, the last that of the background and of the new phase; mean log-likelihood of a value; what it
            falls short of the histogram's own, which is its distance (Kullback-Leibler, nats) to the mixture.
        """
        counts = self._counts(values)
        even = np.full((1, len(counts)), background * (self.edges[1] - self.edges[0]))
        parts = np.concatenate([self.classes, even])
        shares = _shares(parts, counts, steps)
        if new_phase:
            parts = np.concatenate([parts, self._new_peak(parts, counts, shares)])
            shares = _shares(parts, counts, steps)
        likelihood = float(counts @ np.log(shares @ parts))
        filled = counts[counts > 0]
        known = len(self.classes)
        told = np.append(shares[:known], shares[known:].sum())
        return told, likelihood, float(filled @ np.log(filled)) - likelihood

    def _new_peak(self, parts: np.ndarray, counts: np.ndarray, shares: np.ndarray) -> np.ndarray:
        """(1, B + 1): a normal distribution where most of the background lies."""
        middles = np.convolve(self.edges, [0.5, 0.5], "valid")
        left = (counts * shares[-1] * parts[-1] / (shares @ parts))[:-1]
        top = middles[gaussian_filter1d(left, 2.0).argmax()]
        near = left * (np.abs(middles - top) < PEAK_REACH)
        mean = float(near @ middles / max(near.sum(), 1e-12))
        width = float(np.sqrt(near @ (middles - mean) ** 2 / max(near.sum(), 1e-12))) + self.edges[1] - self.edges[0]
        peak = np.append(np.exp(-0.5 * ((middles - mean) / width) ** 2), 0.0) + 1e-12
        return (peak / peak.sum())[None]

    def _counts(self, values: np.ndarray) -> np.ndarray:
        bins = len(self.edges) - 1
        low, width = self.edges[0], (self.edges[-1] - self.edges[0]) / bins
        index = np.floor((values - low) / width)
        index = np.where((index < 0) | (index >= bins), bins, index).astype(np.intp)
        return np.bincount(index, minlength=bins + 1) / max(1, len(values))


def _shares(parts: np.ndarray, counts: np.ndarray, steps: int) -> np.ndarray:
    shares = np.full(len(parts), 1 / len(parts))
    for _ in range(steps):
        shares = shares * (parts @ (counts / (shares @ parts)))
        shares /= shares.sum()
    return shares


def describe_grey_levels(
    scans: Iterable[RawScale], images: Sequence[np.ndarray], classes: Sequence[np.ndarray]
) -> GreyScale:
    """The grey levels of training scans by the classes that a network sees in them.

    Args:
        scans: scale of each specimen.
        images: normalised values, any shape.
        classes: of the same shapes: class of each voxel, 255 outside the core.
    """
    values, labels = (np.concatenate([part.ravel() for part in parts]) for parts in (images, classes))
    seen = [k for k in np.unique(labels) if k != 255]
    counts = [np.histogram(values[labels == k], BIN_EDGES)[0].astype(float) for k in seen]
    shares = tuple(tuple((one / one.sum()).tolist()) for one in counts if one.sum())
    return GreyScale(tuple(dict.fromkeys(scans)), tuple(BIN_EDGES.tolist()), shares)
