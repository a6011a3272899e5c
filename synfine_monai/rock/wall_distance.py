"""Distance of each voxel of a phase to the nearest voxel that is not of it: exact, by several threads."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numba
import numpy as np


def distance_to_wall(phase: np.ndarray, spacing: tuple[float, float, float]) -> np.ndarray:
    """Euclidean distance between voxel centres, 0 outside the phase; what lies around the volume is no wall.

    Axis after axis, each voxel looking outwards only as far as can still be nearer: quick where pores are narrow beside
    the volume, and the same to the last digit however it is cut, as long as the nearest wall is in it.

    Args:
        phase: (D, H, W) bool.
        spacing: (z, y, x) of the voxels; the distance is in its unit.

    Returns:
        (D, H, W) float32; infinite where all is of the phase.

    Source: Meijster, Roerdink & Hesselink, A general algorithm for computing distance transforms in linear time (2000).
    """
    dz, dy, dx = (float(one) for one in spacing)
    squared = np.empty(phase.shape, np.float32)
    in_threads(lambda low, high: _along_z(phase, squared, low, high, dz), phase.shape[1])
    in_threads(lambda low, high: _in_slices(squared, low, high, dy, dx), phase.shape[0])
    return np.sqrt(squared, out=squared)


def in_threads(work: Callable[[int, int], None], length: int) -> None:
    """Do ``work(low, high)`` for parts of 0 to ``length``, side by side."""
    threads = max(1, min(numba.config.NUMBA_NUM_THREADS, length))  # type: ignore[attr-defined]
    cuts = [length * k // threads for k in range(threads + 1)]
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(work, cuts[:-1], cuts[1:]))


@numba.njit(cache=True, nogil=True)
def _along_z(phase, squared, low, high, dz):  # type: ignore[no-untyped-def]  # pragma: no cover
    """Squared distance to the nearest wall above or below, in rows ``low`` to ``high`` of all slices."""
    depth, _, width = phase.shape
    for y in range(low, high):
        steps = np.full(width, np.inf)
        for z in range(depth):
            for x in range(width):
                steps[x] = steps[x] + 1 if phase[z, y, x] else 0
                squared[z, y, x] = (steps[x] * dz) ** 2
        steps[:] = np.inf
        for z in range(depth - 1, -1, -1):
            for x in range(width):
                steps[x] = steps[x] + 1 if phase[z, y, x] else 0
                squared[z, y, x] = min(squared[z, y, x], np.float32((steps[x] * dz) ** 2))


@numba.njit(cache=True, nogil=True)
def _in_slices(squared, low, high, dy, dx):  # type: ignore[no-untyped-def]  # pragma: no cover
    """Then along y and along x."""
    _, height, width = squared.shape
    for z in range(low, high):
        before = squared[z].copy()
        for y in range(height):
            for x in range(width):
                best, k = before[y, x], 1
                while (k * dy) ** 2 < best and (y - k >= 0 or y + k < height):
                    if y - k >= 0:
                        best = min(best, np.float32(before[y - k, x] + (k * dy) ** 2))
                    if y + k < height:
                        best = min(best, np.float32(before[y + k, x] + (k * dy) ** 2))
                    k += 1
                squared[z, y, x] = best
        for y in range(height):
            row = squared[z, y].copy()
            for x in range(width):
                best, k = row[x], 1
                while (k * dx) ** 2 < best and (x - k >= 0 or x + k < width):
                    if x - k >= 0:
                        best = min(best, np.float32(row[x - k] + (k * dx) ** 2))
                    if x + k < width:
                        best = min(best, np.float32(row[x + k] + (k * dx) ** 2))
                    k += 1
                squared[z, y, x] = best
