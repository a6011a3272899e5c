"""Which class is darker than which, known from the phases that they cover."""

from collections.abc import Sequence

import numpy as np

from synfine_monai.conventions import GREY_ORDER
from synfine_monai.errors import ScanError

__all__ = ["classes_from_dark_to_bright"]


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
