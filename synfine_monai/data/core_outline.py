"""Where the core is on reduced slices: what separates rock from padding, air, mount and drilled centre."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from scipy import ndimage
from scipy.spatial import ConvexHull
from skimage.filters import threshold_otsu
from skimage.morphology import isotropic_closing, isotropic_erosion
from torch.nn.functional import avg_pool2d, interpolate

__all__ = ["Thumbnail", "enlarge", "find_cores", "reduce_slice"]

THUMBNAIL_SIZE = 256  # widest side of a reduced slice: an outline needs no more
PORE_WIDTH = 0.05  # of the slice: narrower dark features are rock, not surroundings
PADDING_SHARE = 0.005  # of the slice: smaller constant corners are no padding
HOLE_SHARE = 0.03  # of the slice: smaller empty holes are pores, not drilled
SEPARATION = 0.9  # Otsu's between-class share of variance: a real mount has 0.96, rock alone stays below 0.86
SURROUNDED = 0.35  # share of the core's outline that faces the dark surroundings
SMALLEST_CORE = 0.1  # of the voxels that are not padding
OFF_CENTRE = 0.1  # of the slice: how far from the core's centre it may have been drilled
ROUNDNESS = 0.9  # area / area of the convex hull, of a core or a drilled centre


@dataclass(frozen=True)
class Thumbnail:
    """One slice reduced by block means.

    Attributes:
        grey: (h, w) float32, mean grey level of each block's voxels that are not padding.
        padding: (h, w) bool, blocks that are mostly padding.
        packed_padding: bits of the padding voxel by voxel, (H, W) raveled, or None where there is none.
        factor: edge length of a block in voxels.
        shape: (H, W) of the slice.
    """

    grey: np.ndarray
    padding: np.ndarray
    packed_padding: np.ndarray | None
    factor: int
    shape: tuple[int, int]


def reduce_slice(image: np.ndarray) -> Thumbnail:
    """Reduce a slice (H, W) of any real dtype to at most 256 pixels a side and find its constant padding."""
    factor = max(1, -(-max(image.shape) // THUMBNAIL_SIZE))
    padding = _padding(image, factor)
    if padding is None:
        grey = _block_means(image, factor)
        return Thumbnail(grey, np.zeros(grey.shape, bool), None, factor, image.shape)
    kept = _block_means(~padding, factor)
    grey = _block_means(np.where(padding, 0, image), factor) / np.maximum(kept, 1e-6)
    return Thumbnail(grey, kept < 0.5, np.packbits(padding), factor, image.shape)


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
    valid = [~thumbnail.padding for thumbnail in thumbnails]
    smooth = [_close_pores(thumbnail) for thumbnail in thumbnails]
    greys = np.concatenate([grey[inside] for grey, inside in zip(smooth, valid, strict=True)])
    if greys.size == 0 or greys.min() == greys.max():
        return valid
    greys = np.minimum(greys, np.percentile(greys, 95))
    threshold = threshold_otsu(greys)
    if _separation(greys, threshold) < SEPARATION:
        return valid
    bright = [inside & (grey > threshold) for grey, inside in zip(smooth, valid, strict=True)]
    cores = [_largest(mask) for mask in bright]
    if _stand_in_surroundings(cores, valid, thumbnails):
        return [core & ~ndimage.binary_dilation(inside & ~core, np.ones((3, 3)))
                for core, inside in zip(cores, valid, strict=True)]
    return [inside & ~_drilled_centre(inside & ~mask, inside) for mask, inside in zip(bright, valid, strict=True)]


def enlarge(core: np.ndarray, thumbnail: Thumbnail) -> np.ndarray:
    """Bring a reduced mask (h, w) back to its slice's size: (H, W) bool, smooth outline, exact along padding."""
    inside = core | thumbnail.padding  # the padding's own edge is known voxel by voxel
    if inside.all():
        mask = np.ones(thumbnail.shape, bool)
    else:
        soft = ndimage.gaussian_filter(inside.astype(np.float32), 1.0)
        mask = _magnify(soft, thumbnail) > 0.5
    if thumbnail.packed_padding is not None:
        mask &= ~np.unpackbits(thumbnail.packed_padding, count=mask.size).view(bool).reshape(mask.shape)
    return mask


def _magnify(small: np.ndarray, thumbnail: Thumbnail) -> np.ndarray:
    height, width = thumbnail.shape
    large = interpolate(torch.from_numpy(small)[None, None], scale_factor=thumbnail.factor, mode="bilinear")
    return large[0, 0, :height, :width].numpy()


def _block_means(image: np.ndarray, factor: int) -> np.ndarray:
    values = torch.from_numpy(np.ascontiguousarray(image, dtype=np.float32))[None, None]
    return avg_pool2d(values, factor, ceil_mode=True, count_include_pad=False)[0, 0].numpy()


def _padding(image: np.ndarray, factor: int) -> np.ndarray | None:
    """Voxels (H, W) of one constant value in the corners and in big holes, as masking and reconstruction leave them."""
    border = np.concatenate([image[0], image[-1], image[:, 0], image[:, -1]])
    values, counts = np.unique(border, return_counts=True)
    constant = _equals(image, values[counts.argmax()])
    blocks, _ = ndimage.label(_block_means(constant, factor) == 1)
    sizes = np.bincount(blocks.ravel()) / blocks.size
    in_corners = np.isin(np.arange(sizes.size), blocks[[0, 0, -1, -1], [0, -1, 0, -1]])
    empty = (in_corners & (sizes > PADDING_SHARE)) | (sizes > HOLE_SHARE)
    empty[0] = False
    if not empty.any():
        return None
    seeds = empty[blocks]
    regions, count = ndimage.label(constant)
    seeded = np.zeros(count + 1, bool)
    seeded[regions[::factor, ::factor][seeds]] = True
    return seeded.take(regions) & ~_repeat(_surely_core(seeds), factor, image.shape)


def _equals(image: np.ndarray, value: np.generic) -> np.ndarray:
    """Where an image holds a value; in a float image, where resampling may have blurred it, to 1/1000 of its range."""
    if image.dtype.kind != "f":
        return image == value
    tolerance = 1e-3 * (np.percentile(image[::4, ::4], 99) - value)
    return np.abs(image - value) <= abs(tolerance)


def _surely_core(padding: np.ndarray) -> np.ndarray:
    """Blocks inside the core's closed outline, where a constant value is a pore that opens to the padding."""
    radius = PORE_WIDTH / 2 * max(padding.shape)
    margin = int(np.ceil(radius)) + 1
    closed = isotropic_closing(np.pad(~padding, margin), radius)
    return isotropic_erosion(closed, 2)[margin:-margin, margin:-margin] & ~padding


def _repeat(small: np.ndarray, factor: int, shape: tuple[int, int]) -> np.ndarray:
    return small.repeat(factor, 0)[: shape[0]].repeat(factor, 1)[:, : shape[1]]


def _close_pores(thumbnail: Thumbnail) -> np.ndarray:
    """Grey levels without dark features narrower than a large pore, nor bright specks; padding takes its nearest."""
    grey = thumbnail.grey
    if thumbnail.padding.any() and not thumbnail.padding.all():
        nearest = ndimage.distance_transform_edt(thumbnail.padding, return_distances=False, return_indices=True)
        grey = grey[tuple(nearest)]
    width = 2 * round(PORE_WIDTH / 2 * max(grey.shape)) + 1
    return ndimage.grey_opening(ndimage.grey_closing(ndimage.gaussian_filter(grey, 1.0), width), width)


def _separation(greys: np.ndarray, threshold: float) -> float:
    above = greys > threshold
    share = above.mean()
    return float(share * (1 - share) * (greys[above].mean() - greys[~above].mean()) ** 2 / greys.var())


def _largest(mask: np.ndarray) -> np.ndarray:
    """The largest connected part, with its holes filled unless they are drilled."""
    parts, count = ndimage.label(mask)
    if count == 0:
        return mask
    part = parts == np.bincount(parts.ravel())[1:].argmax() + 1
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


def _stand_in_surroundings(cores: Sequence[np.ndarray], valid: Sequence[np.ndarray],
                           thumbnails: Sequence[Thumbnail]) -> bool:
    """Whether the bright regions are cores: big, round, mostly faced by something as dark as their pores."""
    core, rest, greys = np.stack(cores), np.stack(valid), np.stack([thumbnail.grey for thumbnail in thumbnails])
    rest = rest & ~core
    if core.sum() < SMALLEST_CORE * (core | rest).sum() or not rest.any():
        return False
    margin = ((0, 0), (1, 1), (1, 1))
    shell = ndimage.binary_dilation(np.pad(core, margin), np.ones((1, 3, 3))) & ~np.pad(core, margin)
    if (shell & np.pad(rest, margin)).sum() < SURROUNDED * shell.sum():
        return False
    if np.median(greys[rest]) > np.percentile(greys[core], 10):
        return False
    return _roundness(core[core.sum((1, 2)).argmax()]) > ROUNDNESS
