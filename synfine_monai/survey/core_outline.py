"""Where the core is on reduced slices: what separates rock from air, mount and drilled centre."""

from collections.abc import Sequence

import numpy as np
from scipy import ndimage
from scipy.spatial import ConvexHull
from skimage.filters import threshold_otsu

from synfine_monai.survey.thumbnail import HOLE_SHARE, Thumbnail, close_mask

__all__ = ["find_cores"]

PORE_WIDTHS = (0.02, 0.05, 0.1)  # of the slice, tried in turn: narrower dark features are rock, not surroundings
NOTCH_WIDTH = 0.1  # of the slice: narrower notches in the core's outline are pores or chips, and inside
SEPARATION = 0.9  # Otsu's between-class share of variance: a real mount has 0.96, rock alone stays below 0.86
SURROUNDED = 0.35  # share of the core's outline that faces the dark surroundings
SMALLEST_CORE = 0.1  # of the voxels that are not padding
MOST_OF_IT = 0.5  # of the voxels that are not padding: a smaller bright ring is no drilled core
OFF_CENTRE = 0.1  # of the slice: how far from the core's centre it may have been drilled
ROUNDNESS = 0.93  # area / area of the convex hull, of a core or a drilled centre


def find_cores(thumbnails: Sequence[Thumbnail]) -> list[np.ndarray]:
    """Find the core on reduced slices of one scan, judged together so that slices without rock come out empty.

    Padding is outside. What remains is split into bright and dark, with pores and specks closed before. If the two
    are as far apart as rock and air are, a bright region that is round and faces the dark one along its outline is
    the core, less the rim of mixed voxels. Otherwise (a box cut from rock, a scan masked to a cylinder) all that
    remains is core, but for a drilled centre.

    Args:
        thumbnails: slices of one scan in z order.

    Returns:
        One mask (h, w) bool per thumbnail.
    """
    valid = np.stack([~thumbnail.padding for thumbnail in thumbnails])
    if not valid.any():
        return list(valid)
    for width in PORE_WIDTHS:
        smooth = np.stack([_close_pores(thumbnail, width) for thumbnail in thumbnails])
        threshold = _clear_threshold(smooth[valid])
        if threshold is None:
            continue
        bright = valid & (smooth > threshold)
        cores = np.stack([_largest(mask) for mask in bright]) & valid
        if _stand_in_surroundings(cores, valid, np.stack([thumbnail.grey for thumbnail in thumbnails])):
            return [
                core & ~ndimage.binary_dilation(inside & ~core, np.ones((3, 3)))
                for core, inside in zip(cores, valid, strict=True)
            ]
        if cores.sum() > MOST_OF_IT * valid.sum():
            valid &= ~np.stack([ndimage.binary_fill_holes(core) & ~core for core in cores])  # drilled
    return list(valid)


def _close_pores(thumbnail: Thumbnail, width: float) -> np.ndarray:
    """Grey levels without dark or bright features narrower than ``width``; padding takes its nearest grey level."""
    grey = thumbnail.grey
    if thumbnail.padding.any() and not thumbnail.padding.all():
        nearest = ndimage.distance_transform_edt(thumbnail.padding, return_distances=False, return_indices=True)
        grey = grey[tuple(nearest)]
    size = 2 * round(width / 2 * max(grey.shape)) + 1
    return ndimage.grey_opening(ndimage.grey_closing(ndimage.gaussian_filter(grey, 1.0), size), size)


def _clear_threshold(greys: np.ndarray) -> float | None:
    """The threshold between dark and bright, or None where they are not clearly apart."""
    greys = np.minimum(greys, np.percentile(greys, 95))
    if greys.min() == greys.max():
        return None
    threshold = threshold_otsu(greys)
    above = greys > threshold
    share = above.mean()
    separation = share * (1 - share) * (greys[above].mean() - greys[~above].mean()) ** 2 / greys.var()
    return float(threshold) if separation > SEPARATION else None


def _largest(mask: np.ndarray) -> np.ndarray:
    """The largest connected part, with its notches and holes filled unless they are drilled."""
    parts, count = ndimage.label(mask)
    if count == 0:
        return mask
    part = close_mask(parts == np.bincount(parts.ravel())[1:].argmax() + 1, NOTCH_WIDTH)
    filled = ndimage.binary_fill_holes(part)
    return filled & ~_drilled_centre(filled & ~part, filled)


def _drilled_centre(dark: np.ndarray, core: np.ndarray) -> np.ndarray:
    """The part of ``dark`` that is a big round hole about the core's own centre."""
    parts, count = ndimage.label(dark)
    drilled = np.zeros(count + 1, bool)
    centre = ndimage.center_of_mass(ndimage.binary_fill_holes(core))
    for part in np.flatnonzero(np.bincount(parts.ravel(), minlength=count + 1) > HOLE_SHARE * parts.size):
        hole = parts == part
        off_centre = np.hypot(*np.subtract(ndimage.center_of_mass(hole), centre)) / max(dark.shape)
        drilled[part] = part > 0 and off_centre < OFF_CENTRE and _roundness(hole) > ROUNDNESS
    return drilled[parts]


def _roundness(mask: np.ndarray) -> float:
    """Area over that of the smallest convex outline."""
    rim = np.argwhere(mask & ~ndimage.binary_erosion(mask))
    if np.ptp(rim, axis=0).min() == 0:
        return 1.0
    return float(ndimage.binary_fill_holes(mask).sum() / ConvexHull(rim).volume)


def _stand_in_surroundings(cores: np.ndarray, valid: np.ndarray, greys: np.ndarray) -> bool:
    """Whether the bright regions (D, h, w) are cores: big, in the middle, round, faced by something dark as pores."""
    rest = valid & ~cores
    if cores.sum() < SMALLEST_CORE * valid.sum() or not rest.any():
        return False
    margin = ((0, 0), (1, 1), (1, 1))
    shell = ndimage.binary_dilation(np.pad(cores, margin), np.ones((1, 3, 3))) & ~np.pad(cores, margin)
    if (shell & np.pad(rest, margin)).sum() < SURROUNDED * shell.sum():
        return False
    largest = cores.sum((1, 2)).argmax()
    core = ndimage.binary_fill_holes(cores[largest])
    middle = tuple(np.round(ndimage.center_of_mass(ndimage.binary_fill_holes(valid[largest]))).astype(int))
    return bool(
        core[middle] and _roundness(core) > ROUNDNESS and np.median(greys[rest]) < np.percentile(greys[cores], 10)
    )
