"""Where the core is, found on thumbnails of slices: what separates rock from air, mount and drilled centre."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from scipy import ndimage
from scipy.spatial import ConvexHull
from skimage.filters import threshold_otsu
from torch.nn.functional import avg_pool2d, interpolate

from synfine_monai.survey.fine_outline import fine_outlines, lies_bare

THUMBNAIL_SIZE = 256  # widest side of a reduced slice: an outline needs no more
PADDING_SHARE = 0.005  # of the slice: smaller constant corners are no padding
HOLE_SHARE = 0.03  # of the slice: smaller constant holes are pores, not drilled
PORE_WIDTH = 0.05  # of the slice: narrower notches in the padding's outline are pores that open to it
SLIVER = 0.01  # of the largest part: smaller detached parts are broken off or left over
PORE_WIDTHS = (0.02, 0.05, 0.1)  # of the slice, tried in turn: narrower dark features are rock, not surroundings
NOTCH_WIDTH = 0.1  # of the slice: narrower notches in the core's outline are pores or chips, and inside
SEPARATION = 0.9  # Otsu's between-class share of variance: a real mount has 0.96, rock alone stays below 0.86
SURROUNDED = 0.35  # share of the core's outline that faces the dark surroundings
FREE = 0.98  # likewise, of a core that touches neither the border nor padding
SMALLEST_CORE = 0.1  # of the voxels that are not padding
MOST_OF_IT = 0.5  # of the voxels that are not padding: a smaller bright ring is no drilled core
OFF_CENTRE = 0.1  # of the slice: how far from the core's centre it may have been drilled
ROUNDNESS = 0.93  # area / area of the convex hull, of a core or a drilled centre
CHIPPED = 0.7  # likewise, of a core that lies free: a chip


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


def enlarge(core: np.ndarray, thumbnail: Thumbnail) -> np.ndarray:
    """Bring a reduced mask (h, w) back to its slice's size: (H, W) bool, smooth outline, exact along padding."""
    inside = core | (thumbnail.padding & ndimage.binary_dilation(core, iterations=3))  # its edge is known by the voxel
    if inside.all():
        mask = np.ones(thumbnail.shape, bool)
    else:
        soft = ndimage.gaussian_filter(inside.astype(np.float32), 1.0)
        mask = _magnify(soft, thumbnail) > 0.5
    if thumbnail.packed_padding is not None:
        mask &= ~np.unpackbits(thumbnail.packed_padding, count=mask.size).view(bool).reshape(mask.shape)
    parts, count = ndimage.label(mask)
    sizes = np.bincount(parts.ravel(), minlength=count + 1)
    sizes[0] = 0
    return (sizes > SLIVER * sizes.max()).take(parts)


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
    padding = seeded.take(regions)
    if image.dtype.kind == "f":  # pores have noise there; integers may be clipped to the padding's value
        return padding
    return padding & ~_repeat(_surely_core(seeds), factor, image.shape)


def _equals(image: np.ndarray, value: np.generic) -> np.ndarray:
    """Where an image holds a value; in a float image, where resampling may have blurred it, to 1/1000 of its range."""
    if image.dtype.kind != "f":
        return image == value
    tolerance = 1e-3 * (np.percentile(image[::4, ::4], 99) - value)
    return np.abs(image - value) <= abs(tolerance)


def _surely_core(padding: np.ndarray) -> np.ndarray:
    """Blocks inside the core's closed outline, where a constant value is a pore that opens to the padding."""
    margin = 2 * round(PORE_WIDTH * max(padding.shape)) + 4
    rock = ndimage.grey_opening(np.pad(~padding, margin).astype(np.uint8), (3, 3))
    closed = close_mask(rock.astype(bool), PORE_WIDTH)
    return ndimage.grey_erosion(closed.astype(np.uint8), (5, 5))[margin:-margin, margin:-margin].astype(bool)


def close_mask(mask: np.ndarray, width: float) -> np.ndarray:
    """Fill notches narrower than ``width`` times the mask's larger side; what is convex stays as it is."""
    size = 2 * round(width / 2 * max(mask.shape)) + 1
    framed = np.pad(mask, size).astype(np.uint8)
    return ndimage.grey_closing(framed, (size, size))[size:-size, size:-size].astype(bool)


def _repeat(small: np.ndarray, factor: int, shape: tuple[int, int]) -> np.ndarray:
    return small.repeat(factor, 0)[: shape[0]].repeat(factor, 1)[:, : shape[1]]


def find_cores(thumbnails: Sequence[Thumbnail]) -> list[np.ndarray]:
    """Find the core on reduced slices of one scan, judged together so that slices without rock come out empty.

    Padding is outside. What remains is split into bright and dark, with pores and specks closed before. If the two
    are as far apart as rock and air are, a bright region that is round, or lies free, and faces the dark one along its
    outline is the core: outlined finely if it lies bare in air, less the rim of mixed voxels if in a mount. Otherwise
    (a box cut from rock, a scan masked to a cylinder) all that remains is core, but for a drilled centre.

    Args:
        thumbnails: slices of one scan in z order.

    Returns:
        One mask (h, w) bool per thumbnail.
    """
    valid = np.stack([~thumbnail.padding for thumbnail in thumbnails])
    if not valid.any():
        return list(valid)
    greys = np.stack([thumbnail.grey for thumbnail in thumbnails])
    for width in PORE_WIDTHS:
        smooth = np.stack([_close_pores(thumbnail, width) for thumbnail in thumbnails])
        threshold = _clear_threshold(smooth[valid])
        if threshold is None:
            continue
        bright = valid & (smooth > threshold)
        cores = np.stack([_largest(mask) for mask in bright]) & valid
        if _stand_in_surroundings(cores, valid, np.stack([thumbnail.grey for thumbnail in thumbnails])):
            greys = np.stack([thumbnail.grey for thumbnail in thumbnails])
            return list(
                fine_outlines(cores, greys, valid) if lies_bare(cores, greys, valid) else _less_rim(cores, valid)
            )
        if cores.sum() > MOST_OF_IT * valid.sum():
            valid &= ~np.stack([ndimage.binary_fill_holes(core) & ~core for core in cores])  # drilled
    return list(valid)


def _less_rim(cores: np.ndarray, valid: np.ndarray) -> np.ndarray:
    """Cores (D, h, w) in a mount without the rim of mixed voxels, where glue may be."""
    return cores & ~ndimage.binary_dilation(valid & ~cores, np.ones((1, 3, 3)))


def grey_around(thumbnails: Sequence[Thumbnail], cores: Sequence[np.ndarray]) -> float | None:
    """Median grey level of what lies around the core and is no padding; None where nothing does."""
    around = [thumb.grey[~thumb.padding & ~core] for thumb, core in zip(thumbnails, cores, strict=True) if core.any()]
    levels = np.concatenate([np.empty(0), *around])
    return float(np.median(levels)) if levels.size > SMALLEST_CORE * sum(core.sum() for core in cores) else None


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
    """Whether the bright regions (D, h, w) are cores: big, in the middle, faced by something dark as pores, and round.

    What the dark surrounds wholly need not be round: a chip.
    """
    rest = valid & ~cores
    if cores.sum() < SMALLEST_CORE * valid.sum() or not rest.any():
        return False
    margin = ((0, 0), (1, 1), (1, 1))
    shell = ndimage.binary_dilation(np.pad(cores, margin), np.ones((1, 3, 3))) & ~np.pad(cores, margin)
    faced = (shell & np.pad(rest, margin)).sum() / max(1, shell.sum())
    if faced < SURROUNDED:
        return False
    largest = cores.sum((1, 2)).argmax()
    core = ndimage.binary_fill_holes(cores[largest])
    middle = tuple(np.round(ndimage.center_of_mass(ndimage.binary_fill_holes(valid[largest]))).astype(int))
    shaped = _roundness(core) > (CHIPPED if faced > FREE else ROUNDNESS)
    return bool(core[middle] and shaped and np.median(greys[rest]) < np.percentile(greys[cores], 10))
