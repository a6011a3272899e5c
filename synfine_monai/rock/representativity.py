"""A scan as a sample of its rock: how a number varies between blocks, and how much it would in another scan."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import norm

FEWEST_BLOCKS = 12
WHOLE = 0.9
"""Of a block, that must lie in the core."""
NEAR = (0.1, 0.05)
"""Of a number: how near a piece of a representative volume comes to the rock."""
FINER = 4
"""Sizes between a block and one of twice its edge."""


@dataclass(frozen=True)
class BlockSpread:
    r"""Porosity, or another number, of cubic blocks of several sizes, and the law that its variance follows.

    Attributes:
        edges: of the blocks in voxels.
        spreads: standard deviation of their numbers; of porosity 0 to 1.
        counts: blocks of each size.
        scale: A of :math:`\mathrm{Var}(V) = A V^{-\gamma}`, V in voxels.
        exponent: :math:`\gamma`, at most 1, which independent parts have.
    """

    edges: tuple[int, ...]
    spreads: tuple[float, ...]
    counts: tuple[int, ...]
    scale: float
    exponent: float

    def spread_of(self, voxels: float) -> float:
        """Standard deviation between pieces of that many voxels."""
        return float(np.sqrt(self.scale * voxels**-self.exponent))

    def another_piece(self, voxels: float, confidence: float = 0.95) -> float:
        """Within which another piece of that many voxels differs from this one: both of them vary."""
        return float(norm.ppf((1 + confidence) / 2) * np.sqrt(2) * self.spread_of(voxels))

    def representative_voxels(self, half_width: float, confidence: float = 0.95) -> float:
        """Voxels of a piece whose number is within ± ``half_width`` of the rock's: the representative volume."""
        deviation = half_width / norm.ppf((1 + confidence) / 2)
        return float((self.scale / deviation**2) ** (1 / self.exponent))


def block_spread(blocks: np.ndarray, edge: int) -> BlockSpread | None:
    """Measure blocks of ``edge`` and of multiples of it, and fit the law to the largest octave of edges.

    Blocks within single grains follow another law, and the largest ones are the nearest to a whole scan.

    Args:
        blocks: (2, D, H, W) pore voxels and core voxels of the smallest blocks; or (3, D, H, W) numerator and
            denominator of another number, and core voxels.
        edge: of these in voxels.

    Returns:
        None where fewer than 12 blocks of two sizes of an octave lie in the core, or nothing varies.

    Source: Kanit et al., Determination of the size of the representative volume element for random composites,
    International Journal of Solids and Structures 40 (2003) 3647-3679.
    """
    found: list[tuple[int, float, int]] = []
    for factor in _factors(min(blocks.shape[1:], default=0)):
        numerator, denominator, *last = _merged(blocks, factor)
        core = last[0] if last else denominator
        known = (core >= WHOLE * (factor * edge) ** 3) & (denominator > 0)
        shares = numerator[known] / denominator[known]
        if len(shares) < FEWEST_BLOCKS:
            break
        found.append((factor * edge, float(shares.std(ddof=1)), len(shares)))
    return spread_law(found)


def spread_law(found: Sequence[tuple[int, float, int]]) -> BlockSpread | None:
    """The law of blocks whose edges in voxels, spreads and numbers are known, from the smallest on.

    Returns:
        None where an octave has fewer than two sizes, or nothing varies.
    """
    used = [one for one in found if one[1] > 0 and 2 * one[0] >= found[-1][0]]
    if len(used) < 2:
        return None
    volume, spread = np.log([one[0] ** 3 for one in used]), np.log([one[1] ** 2 for one in used])
    weights = np.sqrt([one[2] - 1 for one in used])
    slope = float(np.clip(-np.polyfit(volume, spread, 1, w=weights)[0], 0.1, 1))
    scale = float(np.exp(np.average(spread + slope * volume, weights=weights**2)))
    edges, spreads, counts = zip(*found, strict=True)
    return BlockSpread(edges, spreads, counts, scale, slope)


def representative_edges(mean: float, spread: BlockSpread | None) -> dict[str, float | None]:
    """Mean, exponent of the law, and edges of cubes that are within 10 and 5 % of the rock in 95 of 100 places."""
    known = np.isfinite(mean) and mean != 0
    edges = {
        f"edge_within_{near:.0%}_voxels": spread.representative_voxels(near * abs(mean)) ** (1 / 3)
        if spread is not None and known
        else None
        for near in NEAR
    }
    return {"mean": float(mean) if known else None, "exponent": spread.exponent if spread else None, **edges}


def _factors(most: int) -> list[int]:
    """1, 2, 3 … and above 2·FINER some four an octave."""
    steps = np.round(2 ** np.arange(0, np.log2(max(most, 1)) + 1e-9, 1 / FINER)).astype(int)
    return sorted(set(steps.tolist()) & set(range(1, most + 1)))


def _merged(blocks: np.ndarray, factor: int) -> np.ndarray:
    depth, height, width = (n // factor for n in blocks.shape[1:])
    cut = blocks[:, : factor * depth, : factor * height, : factor * width]
    return cut.reshape(len(blocks), depth, factor, height, factor, width, factor).sum((2, 4, 6))
