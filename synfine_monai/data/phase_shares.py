"""How much of a scan each class fills, where labels do not tell: the shares of strokes are the labeller's choice."""

import numpy as np

from synfine_monai.data.task import Item
from synfine_monai.scans import open_scan
from synfine_monai.survey import find_scan_field_of_view

SLICES = 8


def nearest_class_counts(item: Item, greys: np.ndarray) -> np.ndarray:
    """Voxels in the field of view whose grey level is nearest to that of each class, over some slices of the scan.

    Args:
        item: the scan.
        greys: (K,) mean grey level of each class.

    Returns:
        (K,) int64.
    """
    order = np.argsort(greys)
    between = (greys[order][1:] + greys[order][:-1]) / 2
    counts = np.zeros(len(greys), np.int64)
    with open_scan(item.image) as scan:
        fov = find_scan_field_of_view(scan, item.fov)
        for z in np.unique(np.linspace(0, scan.shape[0] - 1, SLICES).astype(int)):
            grey = scan.read(z, z + 1)
            levels = grey[fov.inside(grey, z)]
            counts[order] += np.bincount(np.digitize(levels, between), minlength=len(greys))
    return counts
