"""Pore sizes: at each voxel of a phase the largest ball within it that covers the voxel."""

from collections.abc import Callable

import numba
import numpy as np

from synfine_monai.rock.wall_distance import distance_to_wall, in_threads

HALO = 32  # slices read beside a slab at first; more where a pore is wide
WIDEST = 128  # voxels: radius up to which balls within a neighbour's ball are told by a table


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
        distance = distance_to_wall(phase, spacing)
        if phase.all():
            distance[:] = 0.5 * min(n * s for n, s in zip(phase.shape, spacing, strict=True))
        near = slice(max(0, start - low - halo // 2), stop - low + halo // 2)
        enough = distance[near].max(initial=0.0) < halo // 2 * spacing[0]
        if enough or (low == 0 and high == depth):
            break
        halo *= 2
    first, last = start - low, stop - low
    cubic = max(spacing) < (1 + 1e-6) * min(spacing)
    table = _covering(distance.max(initial=0) / min(spacing) if cubic else 0)
    centres = _centres(distance, first, last, table, *map(float, spacing))
    centres = centres[np.argsort(-distance.ravel()[centres])]
    radius = np.zeros((stop - start, *phase.shape[1:]), np.float32)

    def fill(low: int, high: int) -> None:
        _fill(distance, radius, centres, first, first + low, first + high, *map(float, spacing))

    in_threads(fill, len(radius))
    return radius


def _covering(radius: float) -> np.ndarray:
    """(3, n) squared radius from which the ball of a neighbour by face, edge or corner holds all voxels of a ball.

    The n are squared radii of that ball in cubic voxels; empty if it is larger than ``WIDEST``, or 0.
    """
    if not 0 < radius <= WIDEST:
        return np.zeros((3, 0), np.int64)
    n = int(radius) + 1
    p = np.stack(np.meshgrid(*[np.arange(n)] * 3, indexing="ij"), -1).reshape(-1, 3)
    p = p[(p[:, 0] >= p[:, 1]) & (p[:, 1] >= p[:, 2])]
    squared, moved = (p**2).sum(1), 2 * np.cumsum(p, 1)  # farthest from the neighbour: on the other side of the centre
    size = int(radius**2 + 0.5) + 2
    table = np.zeros((3, size), np.int64)
    for k in range(3):
        kept = squared < size - 1
        np.maximum.at(table[k], squared[kept] + 1, squared[kept] + moved[kept, k] + k + 1)
    return np.maximum.accumulate(table, 1) + 1


@numba.njit(cache=True, nogil=True)
def _centres(distance, first, last, table, dz, dy, dx):  # type: ignore[no-untyped-def]  # pragma: no cover
    """Flat indices of balls that reach slices ``first`` to ``last``, but those that lie within a neighbour's ball."""
    depth, height, width = distance.shape
    found = np.empty(distance.size, np.int64)
    count = 0
    for z in range(depth):
        for y in range(height):
            for x in range(width):
                r = distance[z, y, x]
                if r <= 0 or z + r / dz < first or z - r / dz >= last:
                    continue
                if not _is_within(distance, table, z, y, x, dz, dy, dx):
                    found[count] = (z * height + y) * width + x
                    count += 1
    return found[:count].copy()


@numba.njit(cache=True, nogil=True)
def _is_within(distance, table, z, y, x, dz, dy, dx):  # type: ignore[no-untyped-def]  # pragma: no cover
    depth, height, width = distance.shape
    own = int((distance[z, y, x] / dx) ** 2 + 0.5)
    for a in range(max(0, z - 1), min(depth, z + 2)):
        for b in range(max(0, y - 1), min(height, y + 2)):
            for c in range(max(0, x - 1), min(width, x + 2)):
                apart = abs(a - z) + abs(b - y) + abs(c - x)
                if apart == 0 or distance[a, b, c] <= distance[z, y, x]:
                    continue
                if table.shape[1]:
                    if int((distance[a, b, c] / dx) ** 2 + 0.5) >= table[apart - 1, own]:
                        return True
                    continue
                away = ((a - z) * dz) ** 2 + ((b - y) * dy) ** 2 + ((c - x) * dx) ** 2
                if distance[a, b, c] >= distance[z, y, x] + away**0.5 - 1e-5:
                    return True
    return False


@numba.njit(cache=True, nogil=True)
def _fill(distance, radius, centres, first, start, stop, dz, dy, dx):  # type: ignore[no-untyped-def]  # pragma: no cover
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
                    radius[a - first, b, c] = r
                    links[c] = c + 1
                    c = _next(links, c + 1)


@numba.njit(cache=True, nogil=True)
def _next(links, at):  # type: ignore[no-untyped-def]  # pragma: no cover
    while links[at] != at:
        links[at] = links[links[at]]
        at = links[at]
    return at
