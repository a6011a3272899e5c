"""Which slices hold rock, and which are black, saturated, constant, lost in between, or all air."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from skimage.filters import threshold_otsu

BLOCK = 4  # voxels: the mean of a block has a quarter of their noise
BLOCK_ROWS = 32  # of a slice that are looked at, evenly spaced
FEWEST = 50  # blocks inside the core; with fewer, voxels are looked at
TAIL = 2.0  # percent of a slice that may be anything: hot pixels, a streak, the rim of a chip
POOLED = 4096  # voxels of each slice from which the levels of rock are found
APART = 2.2  # distance of two classes by the sum of their deviations: a normal distribution cut in two has 1.3
STRUCTURED = 3.0  # see ``Look.structure``: rock has 4 to 20
FLAT = 0.03  # of the rock's range of grey levels: noise alone spreads more


@dataclass(frozen=True)
class Look:
    """Grey levels of one slice inside the core.

    Attributes:
        values: (N,) of voxels.
        blocks: (n,) means of blocks.
    """

    values: np.ndarray
    blocks: np.ndarray

    @property
    def structure(self) -> float:
        """Deviation of the blocks by what the noise of voxels side by side leaves of it: 1 in noisy air."""
        noise = np.std(np.diff(self.values.astype(float))) / (2**0.5 * BLOCK)
        return float(np.std(self.blocks) / max(noise, 1e-12))

    @property
    def constant(self) -> bool:
        """Whether all but a tail is one value."""
        low, high = np.percentile(self.values, [TAIL / 2, 100 - TAIL / 2])
        return bool(low == high)


def strips_of(image: np.ndarray) -> np.ndarray:
    """Evenly spaced strips (n, 4, W) of a slice (H, W): what is looked at of it."""
    rows = image.shape[0] // BLOCK
    chosen = np.unique(np.linspace(0, rows - 1, min(rows, BLOCK_ROWS)).round().astype(int))
    return image[: rows * BLOCK].reshape(rows, BLOCK, -1)[chosen] if rows else image[None]


def look_into(strips: np.ndarray, inside: np.ndarray) -> Look | None:
    """What strips hold where ``inside``, of the same shape, is True; None if it is nowhere."""
    values = strips[inside]
    if not values.size:
        return None
    count, height, width = strips.shape
    cut = (count, height, width // BLOCK, BLOCK)
    whole = inside[..., : cut[2] * BLOCK].reshape(cut).all((1, 3))
    blocks = strips[..., : cut[2] * BLOCK].reshape(cut).mean((1, 3), dtype=np.float32)[whole]
    return Look(values, blocks if blocks.size >= FEWEST else values)


@dataclass(frozen=True)
class RockLevels:
    """Grey levels that rock has in a scan, and what a slice must therefore show to hold any.

    Attributes:
        dark: nearly all blocks of a slice without rock are darker.
        bright: or nearly all of them are brighter.
        flat: or its grey levels spread less.
    """

    dark: float = field(default=-np.inf)
    bright: float = field(default=np.inf)
    flat: float = 0.0

    def hold(self, look: Look | None) -> bool:
        """Whether a slice holds rock; by that slice alone, so that slabs of any size agree."""
        if look is None or look.constant:
            return False
        low, high = np.percentile(look.blocks, [TAIL, 100 - TAIL])
        spread = np.subtract(*np.percentile(look.values, [100 - TAIL / 2, TAIL / 2]).astype(float))
        return bool(high >= self.dark and low <= self.bright and spread >= self.flat)


def find_rock_levels(looks: Sequence[Look], around: float | None = None) -> RockLevels:
    """What tells rock from none, found on some slices of a scan, of which few or many may hold none.

    Dark is a slice that is as dark as the pores throughout, or far darker than anything in the rock.

    Args:
        looks: into these slices.
        around: grey level of what surrounds the core, if that is known.
    """
    rock, dark = [look for look in looks if not look.constant], -np.inf
    for _ in range(len(rock)):
        dark = max(dark, _darkest(rock, around))
        left = [look for look in rock if np.percentile(look.blocks, 100 - TAIL) >= dark]
        if not left:
            return RockLevels()
        if len(left) == len(rock):
            break
        rock = left
    if not rock:
        return RockLevels()
    low, high = np.percentile(_pooled([look.values for look in rock]), [TAIL / 2, 100 - TAIL / 2])
    return RockLevels(dark, 2 * high - low, FLAT * (high - low))


def slices_with_rock(looks: Sequence[Look]) -> list[int]:
    """Which whole slices a core is looked for in: not those that are dark or constant, nor a few of bare metal."""
    varied = _without_metal({k: look for k, look in enumerate(looks) if not look.constant})
    levels = find_rock_levels(list(varied.values()))
    return [k for k, look in varied.items() if levels.hold(look)] or list(range(len(looks)))


def _without_metal(looks: dict[int, Look]) -> dict[int, Look]:
    bright = {k: np.percentile(look.blocks, 90) for k, look in looks.items()}
    most = [look for k, look in looks.items() if bright[k] <= np.percentile(list(bright.values()), 75)]
    if not most or np.median([look.structure for look in most]) < STRUCTURED:
        return looks  # most are air, it may be, and what is brighter is rock
    low, high = np.percentile(_pooled([look.values for look in most]), [TAIL / 2, 100 - TAIL / 2])
    return {k: look for k, look in looks.items() if bright[k] <= 2 * high - low}


def _darkest(looks: Sequence[Look], around: float | None) -> float:
    blocks = _pooled([look.blocks for look in looks])
    values = _pooled([look.values for look in looks])
    lowest, middle = np.percentile(blocks, [0.5, 50])
    limits = [middle - 2 * (middle - lowest)]
    if around is not None:
        limits.append((around + middle) / 2)
    values = np.minimum(values, np.percentile(values, 95))
    if values.min() < values.max():
        threshold = threshold_otsu(values)
        pores, solids = values[values <= threshold], values[values > threshold]
        if solids.mean() - pores.mean() > APART * (solids.std() + pores.std()):
            limits.append((pores.mean() + threshold) / 2)
    return float(max(limits))


def _pooled(parts: Sequence[np.ndarray]) -> np.ndarray:
    return np.concatenate([part[:: -(-len(part) // POOLED)] for part in parts]).astype(np.float64)
