"""Numbers of one block of pore space, as the experiment on trust compares them."""

from collections.abc import Sequence

import numpy as np

from synfine_monai.rock import AXES, PhaseCounter, effective_conductivity, solve_permeability, thickness_of_slab

CUBIC = (1.0, 1.0, 1.0)
LAG = 4  # voxels, of the two-point correlation that is compared


def local_numbers(pores: np.ndarray) -> dict[str, float]:
    """Porosity, surface, correlation, chords, sizes and Euler density of a (D, H, W) bool block, in voxels."""
    counter, core = PhaseCounter((1,), None), np.ones(pores.shape, bool)
    counter.add(pores.astype(np.uint8), core)
    counter.add_sizes(thickness_of_slab(lambda a, b: pores[a:b], len(pores), 0, len(pores), CUBIC))
    found = counter.finish()
    told, chords = found.summary(), found.summary()["mean_chord_voxels"].values()
    return {
        "porosity": told["share"],
        "surface": told["specific_surface_per_voxel"],
        "s2": float(found.pairs.correlation[:, LAG].mean()),
        "s2_length": float(np.nanmean(found.pairs.correlation_lengths)),
        "chord": float(np.mean([length for length in chords if length is not None] or [np.nan])),
        "diameter": told["median_diameter_voxels"],
        "euler": told["euler_density_per_voxel3"],
    }


def flow_numbers(pores: np.ndarray) -> dict[str, float]:
    """Conductivity (1 by formation factor) and permeability in voxels², by Stokes and by the cheap field, by axis."""
    row: dict[str, float] = {}
    for k, axis in enumerate(AXES):
        flow = solve_permeability(pores, k)
        row[f"conductivity_{axis}"] = effective_conductivity(pores.astype(float), k).conductivity
        row |= {f"stokes_{axis}": flow.voxels, f"cheap_{axis}": flow.elliptic}
    return row


def flow_by_level(chances: np.ndarray, levels: Sequence[float]) -> dict[str, float]:
    """Conductivity and cheap permeability along z of the voxels whose probability reaches a level, for each level."""
    row: dict[str, float] = {}
    for level in levels:
        pores = chances >= level
        row[f"conductivity_at_{level:g}"] = effective_conductivity(pores.astype(float), 0).conductivity
        row[f"cheap_at_{level:g}"] = solve_permeability(pores, 0, stokes=False).elliptic
    return row
