"""Features of a voxel's surroundings: intensity, edges and curvature at six scales."""

from collections.abc import Iterator

import numpy as np
from skimage.feature import multiscale_basic_features

__all__ = ["features_of_rows", "multiscale_features"]

_SIGMAS = (0.5, 16.0)  # pixels; doubled from one to the other
_REACH = 68  # pixels: four sigmas of the widest Gaussian, and the derivatives taken after it
_BAND = 512  # rows


def multiscale_features(image: np.ndarray) -> np.ndarray:
    """(H, W) float -> (H, W, 24) float32: Gaussian, gradient and both Hessian eigenvalues at sigma 0.5 to 16 pixels."""
    return multiscale_basic_features(image.astype(np.float32), sigma_min=_SIGMAS[0], sigma_max=_SIGMAS[1])


def features_of_rows(image: np.ndarray) -> Iterator[tuple[slice, np.ndarray]]:
    """The same features in bands of rows, so that a wide slice does not need 24 times its memory at once.

    Yields:
        The rows of a band, and their features (rows, W, 24), equal to those of the whole slice.
    """
    height = len(image)
    for start in range(0, height, _BAND):
        stop = min(start + _BAND, height)
        above, below = max(0, start - _REACH), min(height, stop + _REACH)
        yield slice(start, stop), multiscale_features(image[above:below])[start - above : stop - above]
