"""Baselines that look at single grey values: a table from value to class, and the best threshold of pores."""

from collections.abc import Mapping, Sequence
from typing import ClassVar, Self

import numpy as np
from scipy.ndimage import distance_transform_edt, gaussian_filter1d

from synfine_monai.baselines.baseline import Baseline, labelled_voxels
from synfine_monai.data import LabelledSlice

_BINS = 256
_TAILS = (0.1, 99.9)  # percentiles: beyond them the outermost bins hold
_SMOOTHING = 2.0  # bins


class LookupBaseline(Baseline):
    """The best that single grey values can do: any number of thresholds, in any order of classes.

    Histograms of the K classes over 256 bins are smoothed; each bin takes the class with most voxels in it, a bin
    without voxels that of the nearest bin that has some.

    Args:
        num_classes: K.
    """

    name: ClassVar[str] = "lookup"

    def __init__(self, num_classes: int) -> None:
        self.num_classes = num_classes
        self.edges = np.empty(0)
        self.table = np.empty(0, dtype=np.uint8)

    def fit(self, slices: Sequence[LabelledSlice]) -> Self:
        masks = labelled_voxels(slices)
        levels = np.concatenate([scan_slice.image[mask] for scan_slice, mask in zip(slices, masks, strict=True)])
        labels = np.concatenate([scan_slice.label[mask] for scan_slice, mask in zip(slices, masks, strict=True)])
        self.edges, counts = grey_histograms(levels, labels, self.num_classes)
        self.table = most_frequent_class(counts)
        return self

    def classify(self, image: np.ndarray, fov: np.ndarray) -> np.ndarray:
        return self.table[grey_bin(image[fov], self.edges)]

    def arrays(self) -> dict[str, np.ndarray]:
        return {"edges": self.edges, "table": self.table}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, np.ndarray]) -> Self:
        baseline = cls(int(arrays["table"].max()) + 1)
        baseline.edges, baseline.table = arrays["edges"], arrays["table"]
        return baseline


def grey_histograms(levels: np.ndarray, labels: np.ndarray, num_classes: int) -> tuple[np.ndarray, np.ndarray]:
    """Inner bin edges (255,) float64 and smoothed counts (K, 256) of grey ``levels`` (N,) with ``labels`` (N,)."""
    low, high = np.percentile(levels, _TAILS)
    edges = np.linspace(low, high, _BINS + 1)[1:-1]
    pairs = labels.astype(np.int64) * _BINS + grey_bin(levels, edges)
    counts = np.bincount(pairs, minlength=num_classes * _BINS).reshape(num_classes, _BINS)
    return edges, gaussian_filter1d(counts.astype(np.float64), _SMOOTHING, axis=1, mode="nearest")


def grey_bin(levels: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """Number of the bin of each level, 0 to 255; ``edges`` are the inner ones."""
    return np.digitize(levels, edges)


def most_frequent_class(counts: np.ndarray) -> np.ndarray:
    """(K, bins) -> (bins,) uint8: the class with most voxels, from the nearest filled bin where there are none."""
    filled = counts.sum(axis=0) > 0
    nearest = distance_transform_edt(~filled, return_distances=False, return_indices=True)[0]
    return counts.argmax(axis=0).astype(np.uint8)[nearest]


class ThresholdBaseline(Baseline):
    """Pores are what is darker than the one threshold that has the highest pore Dice on the labelled voxels.

    With more than two classes the threshold decides pore or not, and on either side of it the grey-value lookup among
    that side's classes decides which. Without a labelled pore voxel the threshold lies below all labelled voxels.

    Args:
        num_classes: K.
        pore_labels: the classes that are pore space.
    """

    name: ClassVar[str] = "threshold"

    def __init__(self, num_classes: int, pore_labels: Sequence[int]) -> None:
        self.num_classes = num_classes
        self.pore_labels = tuple(pore_labels)
        self.threshold = np.nan
        self.edges = np.empty(0)
        self.tables = np.empty((2, 0), dtype=np.uint8)  # (brighter, darker than the threshold; grey bins)

    def fit(self, slices: Sequence[LabelledSlice]) -> Self:
        masks = labelled_voxels(slices)
        levels = np.concatenate([scan_slice.image[mask] for scan_slice, mask in zip(slices, masks, strict=True)])
        labels = np.concatenate([scan_slice.label[mask] for scan_slice, mask in zip(slices, masks, strict=True)])
        is_pore = np.isin(np.arange(self.num_classes), self.pore_labels)
        self.threshold = best_pore_threshold(levels, is_pore[labels])
        self.edges, counts = grey_histograms(levels, labels, self.num_classes)
        self.tables = np.stack([_table_among(np.flatnonzero(side), counts) for side in (~is_pore, is_pore)])
        return self

    def classify(self, image: np.ndarray, fov: np.ndarray) -> np.ndarray:
        levels = image[fov]
        darker = (levels < self.threshold).astype(np.intp)
        return self.tables[darker, grey_bin(levels, self.edges)]

    def arrays(self) -> dict[str, np.ndarray]:
        return {"threshold": np.asarray(self.threshold, np.float64), "edges": self.edges, "tables": self.tables}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, np.ndarray]) -> Self:
        baseline = cls(int(arrays["tables"].max()) + 1, np.unique(arrays["tables"][1]).tolist())
        baseline.threshold = float(arrays["threshold"])
        baseline.edges, baseline.tables = arrays["edges"], arrays["tables"]
        return baseline


def best_pore_threshold(levels: np.ndarray, is_pore: np.ndarray) -> float:
    """The threshold t for which "pore where level < t" has the highest Dice, over all possible t.

    Args:
        levels: (N,) grey levels.
        is_pore: (N,) bool, the truth.

    Returns:
        A level halfway between two neighbouring grey levels.
    """
    values, group = np.unique(levels, return_inverse=True)
    darker = np.concatenate([[0], np.bincount(group).cumsum()])
    hits = np.concatenate([[0], np.bincount(group, weights=is_pore).cumsum()])
    best = int(np.argmax(hits / np.maximum(darker + is_pore.sum(), 1)))
    padded = np.concatenate([[values[0] - 1.0], values.astype(np.float64), [values[-1] + 1.0]])
    return float(padded[best : best + 2].mean())


def _table_among(classes: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """The lookup table if only ``classes`` were allowed; the first of them where none was ever labelled."""
    return classes[most_frequent_class(counts[classes])].astype(np.uint8)
