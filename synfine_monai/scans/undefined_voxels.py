"""NaN around a core, as reconstruction and masking leave it; NaN anywhere else is damage."""

import numpy as np
from scipy import ndimage

PADDING = 0
"""What NaN outside becomes, as most programs mask: constant, so that the field of view leaves it out by the voxel."""


def pad_undefined(image: np.ndarray) -> int:
    """Replace, in place, the NaN around a core by ``PADDING``.

    Around is what reaches a corner of the slice and is wide, as beyond a circle or a chip's outline, or a slice that
    is all NaN; a hole, a missing row or a few voxels are not.

    Args:
        image: (H, W) of floats.

    Returns:
        How many voxels are NaN or infinite elsewhere.
    """
    undefined = np.isnan(image)
    if undefined.any():
        image[_around(undefined)] = PADDING
    return image.size - int(np.count_nonzero(np.isfinite(image)))


def _around(undefined: np.ndarray) -> np.ndarray:
    square = np.ones((3, 3))
    wide = ndimage.binary_dilation(ndimage.binary_erosion(undefined, square), square)  # at least 3 voxels, off the edge
    framed = np.pad(undefined, 3, constant_values=True)
    near = ndimage.binary_dilation(ndimage.binary_opening(framed, square), square)[3:-3, 3:-3] & undefined
    parts, _ = ndimage.label(near)
    corners = np.intersect1d(parts[[0, 0, -1, -1], [0, -1, 0, -1]], np.unique(parts[wide]))
    return np.isin(parts, corners[corners > 0])
