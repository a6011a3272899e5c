"""Permeability of a pore space by Stokes flow, and a cheap field that follows it."""

from dataclasses import dataclass

import numpy as np
import pyamg
import scipy.sparse as sparse
from scipy.sparse.linalg import LinearOperator, cg, minres

from synfine_monai.errors import ScanError
from synfine_monai.rock.conduction import percolating
from synfine_monai.rock.stokes_grid import StokesGrid, stokes_grid

MILLIDARCY = 9.869233e-16  # m²
STEPS = 10  # between two looks at the flow
MOST_STEPS = 2000
SETTLED = 1e-3  # mismatch of the flows in and out, and change of the permeability between two looks


@dataclass(frozen=True)
class Permeability:
    """How well fluid flows through a pore space along one axis.

    Attributes:
        voxels: in squares of the voxel's edge; 0 if nothing percolates.
        elliptic: of the cheap field, which lies some 15 to 20 % above on sandstone.
        percolates: whether a path of pores leads from one end to the other.
        mismatch: difference of the flows in and out, by their mean: what the solver left.
        steps: of the solver.
    """

    voxels: float
    elliptic: float
    percolates: bool
    mismatch: float = 0.0
    steps: int = 0


def solve_permeability(pores: np.ndarray, axis: int, stokes: bool = True) -> Permeability:
    r"""Solve :math:`-\Delta v + \nabla p = 0, \nabla\cdot v = 0` in the pores, with a pressure drop along an axis.

    MINRES, preconditioned by algebraic multigrid on the Laplacian of each velocity, and for the pressure on
    :math:`G^T \mathrm{diag}(w)\, G` with :math:`A w = 1`. It stops when the flows in and out agree and the permeability
    no longer changes: a small residual alone can leave it several times too high.

    Args:
        pores: (D, H, W) bool, cubic voxels.
        axis: along which, 0 to 2.
        stokes: False leaves it at the cheap field :math:`\nabla\cdot(w \nabla p) = 0`; ``voxels`` is then NaN.

    Raises:
        ScanError: if the volume is not 3-D, or the solver does not get there.

    Source: Elman, Silvester & Wathen, Finite Elements and Fast Iterative Solvers, ch. 4 (block preconditioners).
    """
    if pores.ndim != 3:
        raise ScanError(f"Permeability needs a (D, H, W) volume of pores, got the shape {pores.shape}.")
    turned = np.ascontiguousarray(np.moveaxis(pores, axis, 0))
    through = percolating(turned)
    if not through.any():
        return Permeability(0.0, 0.0, False)
    grid = stokes_grid(through)
    solvers = [_multigrid(matrix) for matrix in grid.laplacians]
    weights = [_relaxed(matrix, solver) for matrix, solver in zip(grid.laplacians, solvers, strict=True)]
    schur = _schur(grid, weights)
    pressure_solver = _multigrid(schur)
    drive = grid.gradients[0].T @ (weights[0] * grid.source)
    pressure = _solved(schur, drive, 1e-6, pressure_solver)
    forces = [grid.source, 0.0, 0.0]
    parts = zip(weights, forces, grid.gradients, strict=True)
    flow = [w * (force - gradient @ pressure) for w, force, gradient in parts]
    by_area = turned.shape[0] / (turned.shape[1] * turned.shape[2])
    elliptic = 0.5 * float(flow[0][grid.inlet].sum() + flow[0][grid.outlet].sum()) * by_area
    if not stokes:
        return Permeability(float("nan"), elliptic, True)
    inflow, outflow, steps = _flows(grid, solvers, pressure_solver, np.concatenate([*flow, pressure]))
    flux = 0.5 * (inflow + outflow)
    return Permeability(flux * by_area, elliptic, True, abs(inflow - outflow) / flux, steps)


def _schur(grid: StokesGrid, weights: list[np.ndarray]) -> sparse.csr_matrix:
    gradient = sparse.vstack(grid.gradients).tocsr()
    return (gradient.T @ sparse.diags(np.concatenate(weights)) @ gradient).tocsr()


def _multigrid(matrix: sparse.csr_matrix) -> LinearOperator:
    return pyamg.ruge_stuben_solver(matrix, interpolation="direct", max_coarse=50).aspreconditioner()


def _relaxed(matrix: sparse.csr_matrix, solver: LinearOperator) -> np.ndarray:
    """w with A w = 1: how fast fluid flows at each face under a force of one."""
    return np.maximum(_solved(matrix, np.ones(matrix.shape[0]), 1e-3, solver), 1e-9)


def _solved(matrix: sparse.csr_matrix, right: np.ndarray, tolerance: float, solver: LinearOperator) -> np.ndarray:
    found, left = cg(matrix, right, rtol=tolerance, maxiter=MOST_STEPS, M=solver)
    if left:
        raise ScanError(f"Flow did not settle in {MOST_STEPS} steps: measure a smaller block.")
    return found


def _flows(
    grid: StokesGrid, solvers: list[LinearOperator], pressure_solver: LinearOperator, start: np.ndarray
) -> tuple[float, float, int]:
    gradient = sparse.vstack(grid.gradients).tocsr()
    system = sparse.bmat([[sparse.block_diag(grid.laplacians), gradient], [gradient.T, None]]).tocsr()
    sizes = [a.shape[0] for a in grid.laplacians]
    cuts = np.cumsum(sizes)
    right = np.zeros(system.shape[0])
    right[: sizes[0]] = grid.source

    def precondition(v: np.ndarray) -> np.ndarray:
        parts = np.split(v, cuts)
        return np.concatenate([s.matvec(p) for s, p in zip([*solvers, pressure_solver], parts, strict=True)])

    operator = LinearOperator(system.shape, matvec=precondition)
    watch = _Flow(grid)
    try:
        minres(system, right, x0=start, M=operator, maxiter=MOST_STEPS, rtol=1e-14, callback=watch)
    except _Settled:
        return watch.inflow, watch.outflow, watch.steps
    raise ScanError(f"Flow did not settle in {MOST_STEPS} steps: measure a smaller block.")


class _Settled(Exception):
    """What is looked for does not change any more."""


class _Flow:
    """Looks at the flow as the solver goes on."""

    def __init__(self, grid: StokesGrid) -> None:
        self.grid, self.steps, self.before, self.inflow, self.outflow = grid, 0, 0.0, 0.0, 0.0

    def __call__(self, found: np.ndarray) -> None:
        self.steps += 1
        if self.steps % STEPS:
            return
        self.inflow, self.outflow = (float(found[ends].sum()) for ends in (self.grid.inlet, self.grid.outlet))
        flow, mismatch = 0.5 * (self.inflow + self.outflow), abs(self.inflow - self.outflow)
        if max(mismatch, abs(flow - self.before)) <= SETTLED * abs(flow):
            raise _Settled
        self.before = flow
