"""Stokes flow through pore voxels as a sparse system: velocities on faces, pressures in voxels (marker and cell)."""

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sparse


@dataclass(frozen=True)
class StokesGrid:
    r"""The system :math:`\begin{pmatrix}A & G\\ G^T & 0\end{pmatrix}` of flow along the first axis, in voxels.

    Viscosity 1, voxels of edge 1, pressure 1 at the first face and 0 at the last. No slip on solids, which lie half a
    voxel beside the velocities along them; the sides are walls as well.

    Attributes:
        laplacians: of the velocities along z, y, x; each symmetric and positive.
        gradients: from pressures to velocities along z, y, x.
        source: force on the velocities along z: the pressure at the first face.
        inlet: indices of the velocities along z on the first face.
        outlet: and on the last one.

    Source: Harlow & Welch, Phys. Fluids 8 (1965) 2182, for the staggered grid.
    """

    laplacians: tuple[sparse.csr_matrix, ...]
    gradients: tuple[sparse.csr_matrix, ...]
    source: np.ndarray
    inlet: np.ndarray
    outlet: np.ndarray


def stokes_grid(pores: np.ndarray) -> StokesGrid:
    """Assemble the system.

    Args:
        pores: (D, H, W) bool; every pore must be connected to both ends along the first axis (``percolating``).
    """
    voxel = np.full(pores.shape, -1, dtype=np.int32)
    voxel[pores] = np.arange(np.count_nonzero(pores), dtype=np.int32)
    parts = [_component(pores, voxel, axis) for axis in range(3)]
    number = parts[0][2]
    source = np.zeros(parts[0][0].shape[0])
    inlet, outlet = number[0][number[0] >= 0], number[-1][number[-1] >= 0]
    source[inlet] = 1.0
    return StokesGrid(tuple(p[0] for p in parts), tuple(p[1] for p in parts), source, inlet, outlet)


def _component(
    pores: np.ndarray, voxel: np.ndarray, axis: int
) -> tuple[sparse.csr_matrix, sparse.csr_matrix, np.ndarray]:
    """Laplacian and gradient of one velocity, and the number of its unknown on each face, -1 where there is none."""
    lower, upper = _beside(voxel, axis, -1)
    flows = (lower >= 0) & (upper >= 0)
    if axis == 0:  # the first and last faces let fluid through
        flows[0], flows[-1] = upper[0] >= 0, lower[-1] >= 0
    number = np.full(flows.shape, -1, dtype=np.int32)
    number[flows] = np.arange(np.count_nonzero(flows), dtype=np.int32)
    size = int(np.count_nonzero(flows))
    weight = np.ones(flows.shape)
    if axis == 0:
        weight[0] = weight[-1] = 0.5  # half a volume lies within the sample
    gradient = _gradient(number, lower, upper, size, voxel.max() + 1)
    wall = _beside(pores, axis, False)
    return _laplacian(number, weight, (wall[0] | wall[1]), axis, size), gradient, number


def _beside(volume: np.ndarray, axis: int, outside: int | bool) -> tuple[np.ndarray, np.ndarray]:
    """Values of the voxels before and after each face across an axis."""
    pad = [(1, 1) if k == axis else (0, 0) for k in range(3)]
    wide = np.moveaxis(np.pad(volume, pad, constant_values=outside), axis, 0)
    return np.moveaxis(wide[:-1], 0, axis), np.moveaxis(wide[1:], 0, axis)


def _gradient(number: np.ndarray, lower: np.ndarray, upper: np.ndarray, size: int, voxels: int) -> sparse.csr_matrix:
    parts = []
    for side, sign in ((upper, 1.0), (lower, -1.0)):
        both = (number >= 0) & (side >= 0)
        parts.append((number[both], side[both], np.full(np.count_nonzero(both), sign)))
    rows, columns, values = (np.concatenate(one) for one in zip(*parts, strict=True))
    return sparse.coo_matrix((values, (rows, columns)), (size, voxels)).tocsr()


def _laplacian(
    number: np.ndarray, weight: np.ndarray, near_pore: np.ndarray, axis: int, size: int
) -> sparse.csr_matrix:
    """Minus the Laplacian; ``near_pore`` says of each face whether a voxel beside it is pore."""
    diagonal, links = np.zeros(size), []
    for k in range(3):
        here, there, w, pore = (np.moveaxis(one, k, 0) for one in (number, number, weight, near_pore))
        for a, b in ((np.s_[:-1], np.s_[1:]), (np.s_[1:], np.s_[:-1])):
            first, second = here[a], there[b]
            known = first >= 0
            share = np.ones(first.shape) if k == axis else w[a]
            linked = known & (second >= 0)
            links.append((first[linked], second[linked], -share[linked]))
            # a velocity of 0 lies one voxel away, or, between two solids, on the wall that is half a voxel away
            stiff = np.where(second >= 0, 1.0, 1.0 if k == axis else np.where(pore[b], 1.0, 2.0)) * share
            diagonal += np.bincount(first[known], stiff[known], size)
        if k != axis and k != 0:  # the sides are walls; what flows in at the ends has no friction there
            for side in (0, -1):
                known = here[side] >= 0
                diagonal += np.bincount(here[side][known], 2 * w[side][known], size)
    rows, columns, values = (np.concatenate(one) for one in zip(*links, strict=True))
    return (sparse.coo_matrix((values, (rows, columns)), (size, size)) + sparse.diags(diagonal)).tocsr()
