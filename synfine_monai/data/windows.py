"""Windows around labels: every labelled voxel is in one, and every class is seen however rare it is."""

from collections.abc import Sequence

import numpy as np

from synfine_monai.conventions import PATCH_SIZE, UNLABELLED
from synfine_monai.data.labelled_slices import LabelledSlice
from synfine_monai.data.patches import Patch

WINDOWS_OF_CLASS = 64


def covering_windows(
    slices: Sequence[LabelledSlice], patches: Sequence[Patch] = (), size: int = PATCH_SIZE
) -> list[Patch]:
    """Windows that hold all labelled voxels which ``patches`` leave, each around the first that is left.

    Args:
        slices: labelled slices, at least ``size`` voxels high and wide.
        patches: windows that there are already.
        size: side of a window in voxels.
    """
    windows = []
    for index, labelled in enumerate(slices):
        left = labelled.label != UNLABELLED
        for p in (p for p in patches if p.index == index):
            left[p.y : p.y + size, p.x : p.x + size] = False
        while left.any():
            y, x = _corner(left, size)
            windows.append(Patch(index, labelled.item, labelled.z, y, x))
            left[y : y + size, x : x + size] = False
    return windows


def balanced_windows(
    slices: Sequence[LabelledSlice], of_class: int = WINDOWS_OF_CLASS, seed: int = 0, size: int = PATCH_SIZE
) -> list[Patch]:
    """As many windows of each class as of any other, each with a random labelled voxel of it at a random place inside.

    Args:
        slices: labelled slices, at least ``size`` voxels high and wide.
        of_class: windows of each class.
        seed: of voxels and places.
        size: side of a window in voxels.
    """
    rng = np.random.default_rng([seed, size, 17])
    windows = []
    for k in sorted({int(k) for s in slices for k in np.unique(s.label)} - {UNLABELLED}):
        voxels = np.concatenate([np.insert(np.argwhere(s.label == k), 0, i, axis=1) for i, s in enumerate(slices)])
        for index, *at in voxels[rng.integers(len(voxels), size=of_class)]:
            s = slices[index]
            y, x = (
                int(np.clip(v - rng.integers(size), 0, extent - size))
                for v, extent in zip(at, s.label.shape, strict=True)
            )
            windows.append(Patch(int(index), s.item, s.z, y, x))
    return windows


def _corner(left: np.ndarray, size: int) -> tuple[int, int]:
    """Of the window that begins at the uppermost voxel of ``left``, with it and all that stands beside it."""
    y = int(left.any(1).argmax())
    x = int(left[y : y + size].any(0).argmax())
    x = x if left[y : y + size, x : x + size].any() else x
    return min(y, left.shape[0] - size), min(x, left.shape[1] - size)
