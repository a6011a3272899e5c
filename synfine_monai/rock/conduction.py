"""Effective conductivity of a labelled volume, and the formation factor of its pore space."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyamg
import scipy.sparse as sparse
from scipy.ndimage import label
from scipy.sparse.linalg import cg

from synfine_monai.errors import ScanError

TOLERANCE = 1e-5  # of the residual; the inflow, an energy, is then right to some nine digits
MOST_STEPS = 500


@dataclass(frozen=True)
class Conduction:
    """How well a volume conducts along one axis.

    Attributes:
        conductivity: effective, in units of the conductivities given; 0 if nothing percolates.
        percolates: whether a path of conducting voxels leads from one end to the other.
        mismatch: difference of the fluxes in and out, by their mean: what the solver left.
    """

    conductivity: float
    percolates: bool
    mismatch: float = 0.0

    @property
    def formation_factor(self) -> float:
        """Of pores that conduct with 1 in a rock that does not; infinite if nothing percolates (Archie 1942)."""
        return 1 / self.conductivity if self.conductivity > 0 else float("inf")


def effective_conductivity(
    conductivity: np.ndarray, axis: int, voxel_size: Sequence[float] = (1.0, 1.0, 1.0)
) -> Conduction:
    r"""Solve :math:`\nabla\cdot(\sigma\nabla u) = 0` with u fixed at both ends of an axis.

    Nothing flows through the sides. Finite volumes on the voxels; between two of them the harmonic mean. Conjugate
    gradients preconditioned by algebraic multigrid.

    Args:
        conductivity: (D, H, W) float, ≥ 0; 0 does not conduct.
        axis: along which, 0 to 2.
        voxel_size: (z, y, x), in any unit; only ratios count.

    Raises:
        ScanError: if the volume is not 3-D, or the solver does not get there.

    Source: Bell & Olson, PyAMG (J. Open Source Softw. 7 (2022) 4142); Cooper et al., TauFactor (SoftwareX 5 (2016) 203)
    for the same discretisation.
    """
    if conductivity.ndim != 3 or not (0 <= axis < 3):
        raise ScanError(f"Conduction needs a (D, H, W) volume and an axis of 0 to 2, got {conductivity.shape}, {axis}.")
    sigma = np.moveaxis(np.asarray(conductivity, dtype=float), axis, 0)
    sizes = np.asarray(voxel_size, dtype=float)[[axis, *(k for k in range(3) if k != axis)]]
    conducting = percolating(sigma > 0)
    if not conducting.any():
        return Conduction(0.0, False)
    number = np.full(sigma.shape, -1, dtype=np.int32)
    number[conducting] = np.arange(np.count_nonzero(conducting), dtype=np.int32)
    areas = np.prod(sizes) / sizes**2  # face area by distance: conductance of a voxel of conductivity 1
    rows, columns, values = _links(sigma, number, areas)
    size = int(number.max()) + 1
    ends = [2 * areas[0] * sigma[k][conducting[k]] for k in (0, -1)]
    diagonal = np.bincount(rows, values, size) + np.bincount(columns, values, size)
    for k, conductance in zip((0, -1), ends, strict=True):
        diagonal[number[k][conducting[k]]] += conductance
    links = sparse.coo_matrix((values, (rows, columns)), (size, size))
    matrix = (sparse.diags(diagonal) - links - links.T).tocsr()
    source = np.zeros(size)
    source[number[0][conducting[0]]] = ends[0]
    potential = _solved(matrix, source)
    inflow = float(ends[0] @ (1 - potential[number[0][conducting[0]]]))
    outflow = float(ends[1] @ potential[number[-1][conducting[-1]]])
    cross_section = sigma.shape[1] * sigma.shape[2] * areas[0]
    return Conduction(float(inflow * sigma.shape[0] / cross_section), True, abs(inflow - outflow) / inflow)


def percolating(mask: np.ndarray) -> np.ndarray:
    """Voxels of a (D, H, W) bool mask in clusters (6 neighbours) that reach its first and its last slice."""
    clusters, count = label(mask)
    both = np.intersect1d(clusters[0], clusters[-1])
    through = np.zeros(count + 1, dtype=bool)
    through[both[both > 0]] = True
    return through[clusters]


def _links(sigma: np.ndarray, number: np.ndarray, areas: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    parts = []
    for k in range(3):
        left, right = _neighbours(number, k)
        a, b = _neighbours(sigma, k)
        linked = (left >= 0) & (right >= 0)
        a, b = a[linked], b[linked]
        parts.append((left[linked], right[linked], areas[k] * 2 * a * b / (a + b)))
    rows, columns, values = (np.concatenate(one) for one in zip(*parts, strict=True))
    return rows, columns, values


def _neighbours(volume: np.ndarray, axis: int) -> tuple[np.ndarray, np.ndarray]:
    moved = np.moveaxis(volume, axis, 0)
    return moved[:-1], moved[1:]


def _solved(matrix: sparse.csr_matrix, source: np.ndarray) -> np.ndarray:
    multigrid = pyamg.ruge_stuben_solver(matrix, interpolation="direct", max_coarse=50)
    found, left = cg(matrix, source, rtol=TOLERANCE, maxiter=MOST_STEPS, M=multigrid.aspreconditioner())
    if left:
        raise ScanError(f"Conduction did not come to an end in {MOST_STEPS} steps: measure a smaller block.")
    return found
