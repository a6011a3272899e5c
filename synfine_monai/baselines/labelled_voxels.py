"""What a baseline may learn from: the labelled voxels of a few slices, and all grey levels inside their core."""

from collections.abc import Sequence

import numpy as np

from synfine_monai.conventions import UNLABELLED
from synfine_monai.data import LabelledSlice
from synfine_monai.errors import ScanError

__all__ = ["grey_levels_in_core", "labelled_voxels", "thin_out"]


def grey_levels_in_core(slices: Sequence[LabelledSlice]) -> np.ndarray:
    """All grey levels inside the field of view of ``slices``, labelled or not: (N,) float32.

    Raises:
        ScanError: if there are none.
    """
    levels = [scan_slice.image[scan_slice.fov.astype(bool)] for scan_slice in slices]
    if not sum(map(len, levels)):
        raise ScanError("A baseline cannot be fitted: no voxel of its slices lies inside the field of view.")
    return np.concatenate(levels)


def labelled_voxels(slices: Sequence[LabelledSlice]) -> list[np.ndarray]:
    """Where a class is known inside the field of view: one (H, W) bool mask a slice.

    Raises:
        ScanError: if no voxel of any slice is labelled.
    """
    masks = [(scan_slice.label != UNLABELLED) & scan_slice.fov.astype(bool) for scan_slice in slices]
    if not any(mask.any() for mask in masks):
        raise ScanError("A baseline cannot be fitted: its slices hold only 255, no voxel in the core is labelled.")
    return masks


def thin_out(count: int, most: int, rng: np.random.Generator) -> np.ndarray:
    """Numbers of at most ``most`` out of ``count`` voxels, drawn without looking at their class, ascending."""
    return np.arange(count) if count <= most else np.sort(rng.choice(count, most, replace=False))
