"""What a network sees outside the core: the rock's own grey levels, faded out, instead of padding or mount."""

import numpy as np
import torch
from torch.nn.functional import interpolate


def fill_outside(image: np.ndarray, fov: np.ndarray) -> np.ndarray:
    """Fill what lies outside the field of view smoothly from inside, slice by slice.

    A voxel outside takes the mean of the inside voxels in the smallest of a pyramid of blocks that reaches the core
    (pull and push): near the rim the rim's own grey level, far away the slice's mean. Inside nothing changes.

    Args:
        image: (D, H, W), any real dtype.
        fov: (D, H, W) bool.

    Returns:
        (D, H, W) float32. A slice that is wholly outside is filled with the mean of the volume's inside.

    Raises:
        ValueError: if the shapes differ or nothing is inside.
    """
    if image.shape != fov.shape:
        raise ValueError(f"the image has shape {image.shape}, its field of view {fov.shape}.")
    if not fov.any():
        raise ValueError("the field of view is empty: there is nothing to fill from.")
    filled = np.array(image, dtype=np.float32)
    for grey, inside in zip(filled, fov, strict=True):
        if not inside.any():
            grey[:] = np.float32(image.mean(where=fov, dtype=np.float64))
        elif not inside.all():
            grey[:] = _pull_push(np.where(inside, grey, np.float32(0)), inside.astype(np.float32))
    return filled


def _pull_push(weighted: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Weighted means (H, W); the weight that blocks lack is made up by ever coarser blocks."""
    if weight.min() > 0:
        return weighted / weight
    coarse = torch.from_numpy(_pull_push(_halve(weighted), _halve(weight)))[None, None]
    pushed = interpolate(coarse, size=weight.shape, mode="bilinear", align_corners=False)[0, 0].numpy()
    pushed *= 1 - weight
    return np.add(pushed, weighted, out=pushed)


def _halve(values: np.ndarray) -> np.ndarray:
    """Means of 2×2 blocks, at odd ends of what there is; torch's pooling takes five times as long on one channel."""
    if values.shape[0] % 2 or values.shape[1] % 2:
        values = np.pad(values, [(0, size % 2) for size in values.shape], mode="edge")
    rows = values[::2] + values[1::2]
    return np.float32(0.25) * (rows[:, ::2] + rows[:, 1::2])
