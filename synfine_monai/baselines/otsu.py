"""Otsu's thresholds: grey levels alone, no labels at all; classes take them from dark to bright."""

from collections.abc import Mapping, Sequence
from typing import ClassVar, Self

import numpy as np
from skimage.filters import threshold_multiotsu, threshold_otsu

from synfine_monai.baselines.baseline import Baseline, grey_levels_in_core
from synfine_monai.conventions import GREY_ORDER
from synfine_monai.data import LabelledSlice
from synfine_monai.errors import ScanError

_BINS = 256
_TAILS = (0.5, 99.5)  # percentiles: beyond them lie a few metal voxels that would take most of the bins


class OtsuBaseline(Baseline):
    """K − 1 thresholds of largest between-class variance over all in-core voxels of the slices but their extremes.

    Args:
        phases: the phases that each class covers; they say which class is the darkest, the next, … (``GREY_ORDER``).

    Source: Otsu 1979, doi:10.1109/TSMC.1979.4310076; several levels: Liao, Chen & Chung 2001.
    """

    name: ClassVar[str] = "otsu"

    def __init__(self, phases: Sequence[Sequence[str]]) -> None:
        self.classes = classes_from_dark_to_bright(phases).astype(np.uint8)
        self.thresholds = np.empty(0)

    def fit(self, slices: Sequence[LabelledSlice]) -> Self:
        levels = grey_levels_in_core(slices)
        low, high = np.percentile(levels, _TAILS)
        levels = levels[(levels >= low) & (levels <= high)]
        if np.ptp(levels) == 0:
            raise ScanError(f"Otsu's method needs contrast, but all in-core voxels have the grey level {levels[0]:g}.")
        counts, edges = np.histogram(levels, bins=_BINS)
        self.thresholds = _otsu(counts, (edges[:-1] + edges[1:]) / 2, len(self.classes))
        return self

    def classify(self, image: np.ndarray, fov: np.ndarray) -> np.ndarray:
        return self.classes[np.digitize(image[fov], self.thresholds)]

    def arrays(self) -> dict[str, np.ndarray]:
        return {"classes": self.classes, "thresholds": self.thresholds}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, np.ndarray]) -> Self:
        baseline = cls.__new__(cls)
        baseline.classes, baseline.thresholds = arrays["classes"], arrays["thresholds"]
        return baseline


def _otsu(counts: np.ndarray, centers: np.ndarray, num_classes: int) -> np.ndarray:
    filled = np.count_nonzero(counts)
    if filled < num_classes:
        raise ScanError(f"Otsu's method needs {num_classes} grey levels for {num_classes} classes, but found {filled}.")
    if num_classes == 2:
        return np.atleast_1d(threshold_otsu(hist=(counts, centers)))
    return threshold_multiotsu(classes=num_classes, hist=(counts, centers))


def classes_from_dark_to_bright(phases: Sequence[Sequence[str]]) -> np.ndarray:
    """Classes sorted by the mean place of their phases in ``GREY_ORDER``: (K,) int64.

    Args:
        phases: the phases that each class covers, e.g. ``(("matrix",), ("pore", "water"))`` -> [1, 0]. Classes of
            equal place keep their order.

    Raises:
        ScanError: if a phase is unknown, or a class covers none.
    """
    for number, covered in enumerate(phases):
        unknown = set(covered) - set(GREY_ORDER)
        if unknown or not covered:
            given = ", ".join(sorted(unknown)) or "nothing"
            raise ScanError(f"Class {number} covers {given}, but phases are {', '.join(GREY_ORDER)}.")
    places = [np.mean([GREY_ORDER.index(phase) for phase in covered]) for covered in phases]
    return np.argsort(places, kind="stable")
