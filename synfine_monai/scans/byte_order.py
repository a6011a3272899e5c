"""Which byte order a headerless volume was written in, asked of its grey levels: one is smooth, the other noise."""

import numpy as np

__all__ = ["likelier_order", "roughness"]

CROP = 256
"""Side of the middle of a slice that is looked at."""
FEWEST = 1000
"""Voxels below which nothing is concluded."""
CLEARLY = 0.9
"""Neighbours must differ by less than this share of that in the other order, the sample's noise aside."""


def roughness(slices: np.ndarray) -> float:
    """Mean difference of neighbouring grey levels along x over their spread, both of ranks: 0 smooth, 1.15 white noise.

    Ranks, since a float in the wrong order spans all magnitudes. Infinite if there are NaN or infinite values.
    """
    if slices.dtype.kind == "f" and not np.isfinite(slices).all():
        return float("inf")
    _, place, counts = np.unique(slices, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - counts / 2)[place].reshape(slices.shape)
    spread = float(ranks.std())
    return float(np.abs(np.diff(ranks, axis=-1)).mean()) / spread if spread else 0.0


def likelier_order(slices: np.ndarray) -> tuple[bool, float, float]:
    """Look at some slices (n, H, W), in the type and byte order in which they were read.

    Returns:
        (whether the other order is clearly the likelier one, roughness in this order, roughness in the other).
    """
    height, width = slices.shape[1:]
    rows, columns = (slice(max(0, (n - CROP) // 2), (n + CROP) // 2 + 1) for n in (height, width))
    middle = np.ascontiguousarray(slices[:, rows, columns])
    if middle.dtype.itemsize == 1 or middle.size < FEWEST or middle.shape[-1] < 2:
        return False, 0.0, 0.0
    this, other = roughness(middle), roughness(middle.view(middle.dtype.newbyteorder()))
    return other < CLEARLY * this - 3 / middle.size**0.5, this, other
