"""A set of images as the distances take it."""

import numpy as np
import torch

from synfine_monai.errors import ScanError

__all__ = ["image_set"]


def image_set(images: torch.Tensor | np.ndarray) -> np.ndarray:
    """Slices without their channel, in float32.

    Args:
        images: (N, 1, H, W), torch or numpy, any real dtype.

    Returns:
        (N, H, W) float32.

    Raises:
        ScanError: if the shape is another, the set is empty, or a value is not finite.
    """
    array = np.asarray(images.detach().cpu() if isinstance(images, torch.Tensor) else images)
    if array.ndim != 4 or array.shape[1] != 1 or array.size == 0:
        raise ScanError(f"a set of images must be (N, 1, H, W) with N > 0, got {array.shape}.")
    array = array[:, 0].astype(np.float32)
    if not np.isfinite(array).all():
        raise ScanError(f"{np.count_nonzero(~np.isfinite(array)):,} voxels of a set of images are not finite.")
    return array
