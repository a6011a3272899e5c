"""Grey value -> the class that the labelled voxels of that grey value most often have."""

from collections.abc import Mapping, Sequence
from typing import ClassVar, Self

import numpy as np
from scipy.ndimage import distance_transform_edt, gaussian_filter1d

from synfine_monai.baselines.baseline import Baseline, labelled_voxels
from synfine_monai.data import LabelledSlice

__all__ = ["LookupBaseline"]

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
