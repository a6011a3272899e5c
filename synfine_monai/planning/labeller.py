"""How well a labeller agrees with himself, from windows that he labelled twice without knowing it."""

from collections.abc import Collection, Mapping
from typing import Any

import numpy as np

from synfine_monai.conventions import UNLABELLED


def labeller_agreement(
    labels: Mapping[int, np.ndarray], repeats: Mapping[int, int], pore_labels: Collection[int]
) -> dict[str, Any] | None:
    """Compare both labellings of each window that was shown twice.

    Args:
        labels: number of an image -> (size, size) uint8 classes, 255 not labelled.
        repeats: number of an image -> that of the window which it shows once more.
        pore_labels: classes that are pore space.

    Returns:
        windows: how many were labelled twice; differing: share of their voxels that got two classes; shift: mean of
        second minus first porosity; spread: standard deviation of one labelling's porosity in a window, from the
        differences (their standard deviation by the square root of 2). None where there are none.
    """
    pairs = [(labels[first], labels[second]) for second, first in repeats.items() if {first, second} <= set(labels)]
    both = [(one != UNLABELLED) & (other != UNLABELLED) for one, other in pairs]
    pairs = [(one[kept], other[kept]) for (one, other), kept in zip(pairs, both, strict=True) if kept.any()]
    if not pairs:
        return None
    pore = list(pore_labels)
    shifts = np.array([np.isin(other, pore).mean() - np.isin(one, pore).mean() for one, other in pairs])
    differing = sum(np.count_nonzero(one != other) for one, other in pairs) / sum(one.size for one, _ in pairs)
    return {
        "windows": len(pairs), "differing": float(differing), "shift": float(shifts.mean()),
        "spread": float(np.sqrt(np.mean(shifts**2) / 2)),
    }  # fmt: skip
