"""Whether dark and bright places of two sets of images have the same sizes and spacings."""

import numpy as np
import torch
from skimage.filters import threshold_otsu

from synfine_monai.errors import ScanError
from synfine_monai.metrics.images import image_set
from synfine_monai.rock import two_point_correlation

__all__ = ["correlation_distance", "dark_threshold"]

TAILS = (0.5, 99.5)  # percentiles: beyond them lie a few metal voxels that would draw the threshold upwards


def dark_threshold(images: torch.Tensor | np.ndarray) -> float:
    """Otsu's threshold of all grey levels of a set but their extremes; below it a voxel counts as dark.

    Raises:
        ScanError: if the images have no contrast, or as ``image_set``.
    """
    levels = image_set(images).ravel()
    low, high = np.percentile(levels, TAILS)
    if not low < high:
        raise ScanError(f"dark and bright cannot be told apart: nearly all voxels have the grey level {low:g}.")
    return float(threshold_otsu(levels[(levels >= low) & (levels <= high)]))


def correlation_distance(
    real: torch.Tensor | np.ndarray, made: torch.Tensor | np.ndarray, reach: int = 32, threshold: float | None = None
) -> float:
    """Mean over r of the difference between the two-point correlations of the dark phase.

    The threshold is the same for both sets, so that a wrong dark share counts (at r = 0) beside wrong sizes and
    spacings. The bright phase adds nothing: its correlation follows from the dark one's.

    Args:
        real: (N, 1, H, W) normalised images.
        made: (M, 1, H, W) images, normalised alike.
        reach: longest distance in voxels, < H and W.
        threshold: grey level below which a voxel is dark; default: ``dark_threshold(real)``.

    Returns:
        Percent of the real set's dark share, ≥ 0, as ``two_point_error``.

    Raises:
        ScanError: if the real set has no contrast or nothing dark, or as ``image_set``.
    """
    threshold = dark_threshold(real) if threshold is None else threshold
    dark = [image_set(images) < threshold for images in (real, made)]
    true, found = (two_point_correlation(pores, np.ones_like(pores), reach) for pores in dark)
    if true[0] == 0:
        raise ScanError(f"no voxel of the real set is darker than {threshold:g}.")
    return float(100 * np.nanmean(np.abs(found - true)) / true[0])
