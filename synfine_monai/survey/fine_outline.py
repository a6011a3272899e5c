"""The outline of a core in air or mount, to a fraction of a thumbnail's pixel and past the pores that open to it."""

from collections.abc import Sequence

import numpy as np
from scipy import ndimage
from skimage.morphology import convex_hull_image

ROUNDING = 0.15  # of the slice: radius of the disk that bridges pores in the outline; corners stay as they are
REACH = 0.025  # of the slice: grains beyond the coarse outline that are its rim, and no sleeve
SPECK = 2  # pixels: narrower bright features are noise
EVEN = 7  # pixels: over squares of this side the noise of air is averaged
UNEVEN = 0.04  # of the step from air to rock: deviation between such squares; a real mount has 0.06
BOTH_SIDES = 8  # slices looked at, up and down, for rock where this slice shows a pore in its rim
NEXT, VOTES = 3, 2  # as many of so many slices up and down, likewise, within the convex outline of what this one shows


def lies_bare(cores: np.ndarray, greys: np.ndarray, valid: np.ndarray) -> bool:
    """Whether cores lie in air, which is even but for noise, and not in a mount of glue and bubbles.

    Args:
        cores, greys, valid: as ``fine_outlines`` takes them.
    """
    rest = valid & ~ndimage.binary_dilation(cores, ndimage.generate_binary_structure(3, 1)[1:2], iterations=4)
    weight = ndimage.uniform_filter(rest.astype(float), (0, EVEN, EVEN))
    means = ndimage.uniform_filter(np.where(rest, greys, 0.0), (0, EVEN, EVEN)) / np.maximum(weight, 1e-6)
    seen = rest & (weight > 0.5)
    if not seen.any():
        return True
    noise = np.std((greys - means)[seen]) / EVEN
    spread = np.subtract(*np.percentile(means[seen], [90, 10])) / 2.56  # of a normal distribution: its deviation
    around, rock = _levels(cores, greys, valid)
    return bool(spread**2 - noise**2 < (UNEVEN * (rock - around)) ** 2)


def _levels(cores: np.ndarray, greys: np.ndarray, valid: np.ndarray) -> tuple[float, float]:
    """Grey levels of the surroundings and of the solid rock."""
    around, within = np.median(greys[valid & ~cores]), greys[cores]
    return float(around), float(np.median(within[within > (around + np.median(within)) / 2]))


def fine_outlines(cores: np.ndarray, greys: np.ndarray, valid: np.ndarray) -> np.ndarray:
    """Outline cores anew, half-way between the grey levels of rock and surroundings.

    Rock that slices at equal distance above and below have in common is rock between them too: what is dark there is
    a pore. Other notches are bridged by a disk that rolls around the outline.

    Args:
        cores: (D, h, w) bool, found before, with pores in the rim cut out and drilled centres left out.
        greys: (D, h, w) grey levels.
        valid: (D, h, w) bool, False in padding.
    """
    around, rock = _levels(cores, greys, valid)
    greys = np.minimum(greys, 2 * rock - around)  # metal at the rim would shine over it
    solid = ndimage.gaussian_filter(greys, (0, 1, 1)) > (around + rock) / 2
    size = max(cores.shape[1:])
    found = np.stack([_rolled(_part(s, c, size), size) for s, c in zip(solid & valid, cores, strict=True)])
    whole = np.stack([_rolled(both, size) for both in _in_common(found)])
    drilled = np.stack([ndimage.binary_fill_holes(core) & ~core for core in cores])
    holes = np.stack([_hole(h, s, size) if h.any() else h for h, s in zip(drilled, solid, strict=True)])
    return whole & valid & ~holes


def _part(solid: np.ndarray, core: np.ndarray, size: int) -> np.ndarray:
    """What is solid in and near the coarse outline, without specks."""
    if not core.any():
        return core
    near = (ndimage.distance_transform_edt(~core) <= max(2, REACH * size)) | _hull(core)
    return ndimage.binary_opening(np.pad(solid & near, SPECK), iterations=1)[SPECK:-SPECK, SPECK:-SPECK] | (
        core & solid
    )


def _rolled(mask: np.ndarray, size: int) -> np.ndarray:
    """A mask with its holes and notches filled, as far as a disk rolling around it does not reach."""
    if not mask.any():
        return mask
    radius = round(ROUNDING * size)
    framed = np.pad(mask, 2 * radius + 2)
    grown = ndimage.distance_transform_edt(~framed) <= radius
    closed = framed | (ndimage.distance_transform_edt(grown) > radius)
    margin = slice(2 * radius + 2, -2 * radius - 2)
    return ndimage.binary_fill_holes(closed)[margin, margin]


def _in_common(found: np.ndarray) -> Sequence[np.ndarray]:
    whole, votes = found.copy(), np.zeros(found.shape, np.uint8)
    for step in range(1, BOTH_SIDES + 1):
        if len(found) > 2 * step:
            whole[step:-step] |= found[: -2 * step] & found[2 * step :]
        if len(found) > step <= NEXT:
            votes[step:] += found[:-step]
            votes[:-step] += found[step:]
    return [one | (many & _hull(own)) for one, many, own in zip(whole, votes >= VOTES, found, strict=True)]


def _hull(mask: np.ndarray) -> np.ndarray:
    return convex_hull_image(mask) if mask.any() else mask


def _hole(drilled: np.ndarray, solid: np.ndarray, size: int) -> np.ndarray:
    """A drilled centre without the pores that open to it."""
    radius = max(2, round(REACH * size))
    dark = ndimage.binary_dilation(drilled, iterations=radius) & ~solid
    inner = ndimage.distance_transform_edt(dark) > radius
    opened = dark & (ndimage.distance_transform_edt(~inner) <= radius)
    parts, _ = ndimage.label(opened)
    sizes = np.bincount(parts[drilled], minlength=2)
    return parts == sizes[1:].argmax() + 1 if sizes[1:].any() else drilled
