"""What small cubes side by side hold of a phase: counts from which every local number of larger pieces follows."""

import numba
import numpy as np

from synfine_monai.rock.block_sums import BLOCK_EDGE
from synfine_monai.rock.wall_distance import in_threads

LAG = 4
"""Voxels, of the two-point correlation whose spread is told."""
COUNTS = ("phase", "core", "crossings_z", "crossings_y", "crossings_x", "pairs_z", "pairs_y", "pairs_x", "both", "lags",
          "euler", "whole")  # fmt: skip
FINE = 256  # steps of a voxel, in which radii are summed: whole numbers add up alike in any order


class PieceCounter:
    """Counts cubes of 8³ voxels, from slabs in z order, of any thickness; what is over at the ends is left out.

    Args:
        voxel_size: (z, y, x), in any unit.
    """

    def __init__(self, voxel_size: tuple[float, float, float]) -> None:
        self.voxel_size = voxel_size
        self._layers: list[np.ndarray] = []
        self._rest: np.ndarray | None = None
        self._radii: list[np.ndarray] = []
        self._radius_rest: np.ndarray | None = None

    def add(self, phase: np.ndarray, core: np.ndarray) -> None:
        """Count the next slices, (d, H, W) bool each."""
        codes = core.astype(np.uint8) + 2 * (phase & core)  # 0 outside, 1 in the core, 3 in the phase
        self._rest = codes if self._rest is None else np.concatenate([self._rest, codes])
        self._count((len(self._rest) - LAG) // BLOCK_EDGE)

    def add_sizes(self, radius: np.ndarray) -> None:
        """Add (d, H, W) radii of the largest balls, in the unit of the voxel size."""
        fine = np.rint(radius * (FINE / min(self.voxel_size))).astype(np.int32)
        fine = fine if self._radius_rest is None else np.concatenate([self._radius_rest, fine])
        depth, height, width = (n // BLOCK_EDGE for n in fine.shape)
        cut = fine[: depth * BLOCK_EDGE, : height * BLOCK_EDGE, : width * BLOCK_EDGE]
        cubes = cut.reshape(depth, BLOCK_EDGE, height, BLOCK_EDGE, width, BLOCK_EDGE)
        self._radii += list(cubes.sum((1, 3, 5), dtype=np.int64))
        self._radius_rest = fine[depth * BLOCK_EDGE :].copy()

    def finish(self) -> dict[str, np.ndarray]:
        """Name -> (3, D // 8, H // 8, W // 8) numerator and denominator of a number, and voxels in the core."""
        if self._rest is not None:
            self._count(len(self._rest) // BLOCK_EDGE)
        if not self._layers:
            return {}
        of = dict(zip(COUNTS, np.concatenate(self._layers, axis=1).astype(np.float64), strict=True))
        surface = sum(2 * of[f"crossings_{axis}"] / size for axis, size in zip("zyx", self.voxel_size, strict=True)) / 3
        pairs = (of["pairs_z"] + of["pairs_y"] + of["pairs_x"]) / 3
        found = {
            "share": (of["phase"], of["core"]),
            "specific_surface": (surface, pairs),
            f"correlation_at_lag_{LAG}": (of["both"], of["lags"]),
            "mean_chord": (4 * of["phase"], surface),
            "euler_density": (of["euler"], of["whole"] * float(np.prod(self.voxel_size))),
        }
        if self._radii:
            found["mean_diameter"] = (2 * np.stack(self._radii) * (min(self.voxel_size) / FINE), of["phase"])
        return {name: np.stack([*pair, of["core"]]) for name, pair in found.items()}

    def _count(self, layers: int) -> None:
        """Count as many layers of cubes of what is kept, and keep what follows."""
        if self._rest is None or layers <= 0:
            return
        height, width = (n // BLOCK_EDGE for n in self._rest.shape[1:])
        codes = np.pad(self._rest[: layers * BLOCK_EDGE + LAG], ((0, LAG), (0, LAG), (0, LAG)))  # around it: outside
        counts = np.zeros((len(COUNTS), layers, height, width), np.int16)
        in_threads(lambda low, high: _count_cubes(codes, counts, low, high, BLOCK_EDGE, LAG), height)
        self._layers.append(counts)
        self._rest = self._rest[layers * BLOCK_EDGE :].copy()


@numba.njit(cache=True, nogil=True)
def _count_cubes(codes, counts, low, high, edge, lag):  # type: ignore[no-untyped-def]  # pragma: no cover
    """Each pair, square and cube of voxels belongs to the small cube that its first voxel lies in."""
    _, layers, _, width = counts.shape
    for i in range(layers):
        for j in range(low, high):
            for k in range(width):
                own = np.zeros(counts.shape[0], np.int32)
                inner = np.zeros(4, np.int32)  # voxels that all around is like: 1 in the core, 3 in the phase
                for z in range(i * edge, (i + 1) * edge):
                    for y in range(j * edge, (j + 1) * edge):
                        for x in range(k * edge, (k + 1) * edge):
                            alike = _alike(codes, z, y, x, lag)
                            if alike > 0:
                                inner[alike] += 1
                            elif codes[z, y, x]:
                                _count_voxel(codes, z, y, x, lag, own)
                for n in (1, 5, 6, 7, 11):
                    own[n] += inner[1] + inner[3]
                own[9] += 3 * (inner[1] + inner[3])
                own[0] += inner[3]
                own[8] += 3 * inner[3]
                counts[:, i, j, k] = own


@numba.njit(cache=True, nogil=True)
def _alike(codes, z, y, x, lag):  # type: ignore[no-untyped-def]  # pragma: no cover
    """What a voxel and all that it is paired with are; 0 where they are not alike."""
    near = codes[z, y, x + 1], codes[z, y + 1, x], codes[z, y + 1, x + 1], codes[z + 1, y, x], codes[z + 1, y, x + 1]
    rest = codes[z + 1, y + 1, x], codes[z + 1, y + 1, x + 1]
    far = codes[z + lag, y, x], codes[z, y + lag, x], codes[z, y, x + lag]
    every = near[0] & near[1] & near[2] & near[3] & near[4] & rest[0] & rest[1] & far[0] & far[1] & far[2]
    some = near[0] | near[1] | near[2] | near[3] | near[4] | rest[0] | rest[1] | far[0] | far[1] | far[2]
    here = codes[z, y, x]
    return int(here) if every == here and some == here else 0


@numba.njit(cache=True, nogil=True)
def _count_voxel(codes, z, y, x, lag, own):  # type: ignore[no-untyped-def]  # pragma: no cover
    here, up, down, right = codes[z, y, x], codes[z + 1, y, x], codes[z, y + 1, x], codes[z, y, x + 1]
    square_x, square_y, square_z = codes[z + 1, y + 1, x], codes[z + 1, y, x + 1], codes[z, y + 1, x + 1]
    all_eight = here & up & down & right & square_x & square_y & square_z & codes[z + 1, y + 1, x + 1]
    far = (codes[z + lag, y, x], codes[z, y + lag, x], codes[z, y, x + lag])
    own[0] += here >> 1
    own[1] += 1
    own[2] += (up ^ here) >> 1 & up  # 1 where both are in the core and one is in the phase
    own[3] += (down ^ here) >> 1 & down
    own[4] += (right ^ here) >> 1 & right
    own[5] += up & 1
    own[6] += down & 1
    own[7] += right & 1
    own[8] += ((far[0] & here) >> 1) + ((far[1] & here) >> 1) + ((far[2] & here) >> 1)
    own[9] += (far[0] & 1) + (far[1] & 1) + (far[2] & 1)
    if all_eight & 1:
        own[11] += 1
        if here == 3:
            pairs = (up >> 1) + (down >> 1) + (right >> 1)
            squares = ((up & down & square_x) >> 1) + ((up & right & square_y) >> 1) + ((down & right & square_z) >> 1)
            own[10] += 1 - pairs + squares - (all_eight >> 1)
