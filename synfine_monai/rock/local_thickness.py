"""Pore sizes: at each voxel of a phase the largest ball within it that covers the voxel."""

from collections.abc import Callable

import numba
import numpy as np
from scipy.ndimage import distance_transform_edt

HALO = 32  # slices read beside a slab at first; more where a pore is wide


def thickness_of_slab(
    read: Callable[[int, int], np.ndarray], depth: int, start: int, stop: int, spacing: tuple[float, float, float]
) -> np.ndarray:
    """Radius of the largest ball at each voxel of slices ``start`` to ``stop``, as if the whole volume were looked at.

    Args:
        read: (D', H, W) bool, the phase in slices of the volume.
        depth: slices of the volume.
        start: first slice.
        stop: one past the last.
        spacing: (z, y, x) of the voxels; the radius is in its unit.

    Returns:
        (stop − start, H, W) float32, 0 outside the phase.

    Source: Hildebrand & Rüegsegger, J. Microsc. 185 (1997) 67.
    """
    halo = HALO
    while True:
        low, high = max(0, start - halo), min(depth, stop + halo)
        phase = read(low, high)
        distance = distance_transform_edt(phase, sampling=spacing).astype(np.float32) if phase.any() else np.zeros(
            phase.shape, np.float32)  # fmt: skip
        if phase.all():
            distance[:] = 0.5 * min(n * s for n, s in zip(phase.shape, spacing, strict=True))
        near = slice(max(0, start - low - halo // 2), stop - low + halo // 2)
        enough = distance[near].max(initial=0.0) < halo // 2 * spacing[0]
        if enough or (low == 0 and high == depth):
            break
        halo *= 2
    radius = np.zeros_like(distance)
    centres = _centres(distance, start - low, stop - low, *map(float, spacing))
    order = np.argsort(-distance.ravel()[centres], kind="stable")
    _fill(distance, radius, centres[order], start - low, stop - low, *map(float, spacing))
    return radius[start - low : stop - low]


@numba.njit(cache=True, nogil=True)
def _centres(distance, start, stop, dz, dy, dx):  # type: ignore[no-untyped-def]  # pragma: no cover
    """Flat indices of balls that reach the slab and lie within no neighbour's ball."""
    depth, height, width = distance.shape
    found = []
    for z in range(depth):
        for y in range(height):
            for x in range(width):
                r = distance[z, y, x]
                if r <= 0 or z + r / dz < start or z - r / dz >= stop:
                    continue
                within = False
                for a in range(max(0, z - 1), min(depth, z + 2)):
                    for b in range(max(0, y - 1), min(height, y + 2)):
                        for c in range(max(0, x - 1), min(width, x + 2)):
                            away = ((a - z) * dz) ** 2 + ((b - y) * dy) ** 2 + ((c - x) * dx) ** 2
                            if away > 0 and distance[a, b, c] >= r + away**0.5 - 1e-5:
                                within = True
                if not within:
                    found.append((z * height + y) * width + x)
    return np.array(found, dtype=np.int64)


@numba.njit(cache=True, nogil=True)
def _fill(distance, radius, centres, start, stop, dz, dy, dx):  # type: ignore[no-untyped-def]  # pragma: no cover
    """Lay balls from the largest to the smallest; a voxel that has one is passed over by links to the next free one."""
    _, height, width = distance.shape
    free = np.empty((stop - start, height, width + 1), dtype=np.int32)
    free[:] = np.arange(width + 1)
    for at in centres:
        z, y, x = at // (height * width), at // width % height, at % width
        r = distance[z, y, x]
        square = r * r * (1 - 1e-6)
        reach_z, reach_y = int(r / dz), int(r / dy)
        for a in range(max(start, z - reach_z), min(stop, z + reach_z + 1)):
            for b in range(max(0, y - reach_y), min(height, y + reach_y + 1)):
                left = square - ((a - z) * dz) ** 2 - ((b - y) * dy) ** 2
                if left <= 0:
                    continue
                reach = int(left**0.5 / dx)
                links, last = free[a - start, b], min(width - 1, x + reach)
                c = _next(links, max(0, x - reach))
                while c <= last:
                    radius[a, b, c] = r
                    links[c] = c + 1
                    c = _next(links, c + 1)


@numba.njit(cache=True, nogil=True)
def _next(links, at):  # type: ignore[no-untyped-def]  # pragma: no cover
    while links[at] != at:
        links[at] = links[links[at]]
        at = links[at]
    return at
