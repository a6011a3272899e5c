"""What a network sees outside the core: the rock's own grey levels, faded out, instead of padding or mount."""

import numpy as np
import torch
from torch.nn.functional import avg_pool2d, interpolate

__all__ = ["fill_outside"]


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
            weight = torch.from_numpy(np.ascontiguousarray(inside)).float()[None, None]
            values = torch.from_numpy(grey)[None, None]
            values.copy_(_pull_push(torch.where(weight > 0, values, 0.0), weight))
    return filled


def _pull_push(weighted: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
    """Weighted means; the weight that blocks lack is made up by ever coarser blocks."""
    if bool(weight.min() > 0):
        return weighted / weight
    coarse = _pull_push(avg_pool2d(weighted, 2, ceil_mode=True, count_include_pad=False),
                        avg_pool2d(weight, 2, ceil_mode=True, count_include_pad=False))
    pushed = interpolate(coarse, size=weight.shape[-2:], mode="bilinear", align_corners=False)
    return torch.addcmul(weighted, 1 - weight, pushed)
