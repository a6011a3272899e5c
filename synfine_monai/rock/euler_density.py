"""Euler density: how many more pieces than handles a phase has, in a volume that does not fit in memory."""

from itertools import product

import numpy as np

CELLS = tuple(product((0, 1), repeat=3))  # extents of a voxel, a pair, a square and a cube of voxels, z, y, x


class EulerCounter:
    r"""Counts, from slabs in z order, voxels, pairs, squares and cubes that lie in a phase.

    With 6 neighbours, :math:`\chi_V` = voxels − pairs + squares − cubes. Each is counted by its own number of places in
    the core, so that cutting a core out of a larger rock does not change what is expected.

    Source: Ohser & Mücklich, Statistical Analysis of Microstructures in Materials Science (2000), ch. 3.
    """

    def __init__(self) -> None:
        self._in_phase = np.zeros(len(CELLS), np.int64)
        self._in_core = np.zeros(len(CELLS), np.int64)
        self._before: tuple[np.ndarray, np.ndarray] | None = None

    def add(self, phase: np.ndarray, core: np.ndarray) -> None:
        """Count the next slices, (d, H, W) bool each."""
        for counts, mask, k in ((self._in_phase, phase & core, 0), (self._in_core, core, 1)):
            old = None if self._before is None else self._before[k]
            stacked = mask if old is None else np.concatenate([old, mask])
            new = 0 if old is None else 1
            for at, cell in enumerate(CELLS):
                counts[at] += _filled(stacked if cell[0] else stacked[new:], cell)
        self._before = ((phase & core)[-1:].copy(), core[-1:].copy())

    def finish(self) -> float:
        """Euler number by voxel of the core; NaN where a shape has no place in it."""
        if not self._in_core.all():
            return float("nan")
        signs = np.array([(-1) ** sum(cell) for cell in CELLS])
        return float((signs * self._in_phase / self._in_core).sum())


def _filled(mask: np.ndarray, cell: tuple[int, ...]) -> int:
    """Places at which a pair, square or cube lies wholly in the mask."""
    both = mask
    if cell[0]:
        both = both[:-1] & both[1:]
    if cell[1]:
        both = both[:, :-1] & both[:, 1:]
    if cell[2]:
        both = both[..., :-1] & both[..., 1:]
    return int(np.count_nonzero(both))
