"""Formation factor and permeability of cubes of a core, one after the other."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from itertools import product
from typing import Any

import numpy as np

from synfine_monai.rock.conduction import effective_conductivity
from synfine_monai.rock.level_sets import fewest_and_most
from synfine_monai.rock.pair_counts import AXES
from synfine_monai.rock.permeability import MILLIDARCY, solve_permeability


@dataclass(frozen=True)
class CubeTransport:
    """What flows through one cube along one axis; lengths in voxels.

    Attributes:
        corner: its first voxel, z, y, x.
        edge: voxels.
        axis: "z", "y" or "x".
        porosity: of the cube, 0 to 1.
        percolates: whether pores lead from end to end.
        formation_factor: None if nothing percolates.
        elliptic: permeability of the cheap field, voxels².
        stokes: permeability by Stokes flow, voxels²; None where it was not asked for.
        mismatch: what the solvers left of the difference between flows in and out.
    """

    corner: tuple[int, int, int]
    edge: int
    axis: str
    porosity: float
    percolates: bool
    formation_factor: float | None
    elliptic: float
    stokes: float | None
    mismatch: float

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        return {**asdict(self), "corner": list(self.corner)}


def measure_cube(pores: np.ndarray, corner: tuple[int, int, int], axis: str, stokes: bool) -> CubeTransport:
    """Solve one cube along one axis.

    Args:
        pores: (n, n, n) bool.
        corner: where it lies in its scan.
        axis: "z", "y" or "x".
        stokes: whether the Stokes flow is solved, beside the cheap field.
    """
    along = AXES.index(axis)
    conduction = effective_conductivity(pores.astype(float), along)
    flow = solve_permeability(pores, along, stokes)
    return CubeTransport(
        corner,
        len(pores),
        axis,
        float(pores.mean()),
        conduction.percolates,
        conduction.formation_factor if conduction.percolates else None,
        flow.elliptic,
        flow.voxels if stokes else None,
        max(conduction.mismatch, flow.mismatch),
    )


def flow_of_levels(chances: np.ndarray, shift: float, axis: str) -> dict[str, float]:
    """Conductivity and cheap permeability in voxels² of the fewest and of the most pores that a shift of level leaves.

    Args:
        chances: (n, n, n) float, probability of pore space.
        shift: of the level from ½, see ``fewest_and_most``.
        axis: "z", "y" or "x".
    """
    along, found = AXES.index(axis), {}
    for name, pores in zip(("fewest", "most"), fewest_and_most(chances, shift), strict=True):
        found[f"conductivity_{name}"] = effective_conductivity(pores.astype(float), along).conductivity
        found[f"elliptic_{name}"] = solve_permeability(pores, along, stokes=False).elliptic
    return found


def flow_of_halves(pores: np.ndarray, axis: str) -> list[tuple[float, float]]:
    """Conductivity and cheap permeability in voxels² of the eight cubes of half the edge."""
    along, half = AXES.index(axis), len(pores) // 2
    parts = [pores[z : z + half, y : y + half, x : x + half] for z, y, x in product((0, half), repeat=3)]
    return [
        (
            effective_conductivity(part.astype(float), along).conductivity,
            solve_permeability(part, along, stokes=False).elliptic,
        )
        for part in parts
    ]


def cubes_of(shape: tuple[int, int, int], edge: int) -> Iterator[tuple[int, int, int]]:
    """Corners of cubes side by side, laid so that what is left over is the same at both ends; the middle one first."""
    starts = [((n - n // edge * edge) // 2 + edge * np.arange(n // edge)).tolist() for n in shape]
    corners = [(z, y, x) for z in starts[0] for y in starts[1] for x in starts[2]]
    middle = np.array(shape) / 2 - edge / 2
    yield from sorted(corners, key=lambda corner: (float(((np.array(corner) - middle) ** 2).sum()), corner))


def to_millidarcy(voxels: float, voxel_um: float) -> float:
    """A permeability in voxels² as millidarcy, for cubic voxels with this edge in µm."""
    return voxels * (voxel_um * 1e-6) ** 2 / MILLIDARCY
