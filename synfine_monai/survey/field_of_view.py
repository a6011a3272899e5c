"""Field of view: which voxels are rock in the core, and which are padding, air, mount or drilled centre."""

import numpy as np

from synfine_monai.errors import ScanError
from synfine_monai.survey.core_outline import find_cores
from synfine_monai.survey.thumbnail import enlarge, reduce_slice
from synfine_monai.transforms import fill_outside

__all__ = ["fill_outside", "find_field_of_view"]


def find_field_of_view(volume: np.ndarray) -> np.ndarray:
    """Find the core: cylinder, ring, core in its mount or sleeve, or plain box.

    Pores are inside, also where they open to the rim. Padding of one constant value, the air or darker mount
    around the core, and a drilled centre are outside. Rock must be brighter than what surrounds it.

    Args:
        volume: (D, H, W), z first, any real dtype; a single slice is D = 1.

    Returns:
        (D, H, W) bool, True inside.

    Raises:
        ScanError: if the volume is constant, or holds no core.
    """
    if volume.size == 0 or volume.min() == volume.max():
        raise ScanError(f"the image of shape {volume.shape} is constant: there is no rock in it. Is it the right file?")
    thumbnails = [reduce_slice(image) for image in volume]
    masks = np.stack([enlarge(core, thumb) for core, thumb in zip(find_cores(thumbnails), thumbnails, strict=True)])
    if not masks.any():
        raise ScanError(f"no core was found in the image of shape {volume.shape}: give a mask of it with --fov.")
    return masks
