"""A slice reduced to a thumbnail, apart from its constant padding, and masks brought back to the slice's size."""

from dataclasses import dataclass

import numpy as np
import torch
from scipy import ndimage
from torch.nn.functional import avg_pool2d, interpolate

__all__ = ["Thumbnail", "close_mask", "enlarge", "reduce_slice"]

THUMBNAIL_SIZE = 256  # widest side of a reduced slice: an outline needs no more
PADDING_SHARE = 0.005  # of the slice: smaller constant corners are no padding
HOLE_SHARE = 0.03  # of the slice: smaller constant holes are pores, not drilled
PORE_WIDTH = 0.05  # of the slice: narrower notches in the padding's outline are pores that open to it
SLIVER = 0.01  # of the largest part: smaller detached parts are broken off or left over


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
