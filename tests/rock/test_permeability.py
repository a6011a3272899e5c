"""Square ducts and slits carry what theory says, along every axis."""

import numpy as np
import pytest

from synfine_monai.errors import ScanError
from synfine_monai.rock import solve_permeability

SQUARE = 0.0351443  # of the fourth power of a square duct's edge (White, Viscous Fluid Flow, eq. 3-48)


def duct(width, length=10):
    pores = np.zeros((length, width + 4, width + 4), bool)
    pores[:, 2:-2, 2:-2] = True
    return pores


@pytest.mark.parametrize(("width", "error"), [(4, 0.25), (8, 0.06), (16, 0.02)])
def test_a_square_duct_comes_as_near_as_its_voxels_allow(width, error):
    found = solve_permeability(duct(width), 0)
    exact = SQUARE * width**4 / (width + 4) ** 2
    assert exact < found.voxels < (1 + error) * exact
    assert found.elliptic == pytest.approx(found.voxels, rel=0.02)
    assert found.mismatch < 1e-3


@pytest.mark.parametrize("axis", [1, 2])
def test_axes_are_alike(axis):
    turned = np.moveaxis(duct(6), 0, axis)
    assert solve_permeability(turned, axis).voxels == pytest.approx(solve_permeability(duct(6), 0).voxels, rel=1e-3)


def test_a_bend_carries_less_than_a_straight_duct():
    bend = np.zeros((16, 20, 8), bool)
    bend[:9, 2:8, 1:7] = bend[6:12, 2:18, 1:7] = bend[9:, 12:18, 1:7] = True
    straight = np.zeros((16, 20, 8), bool)
    straight[:, 2:8, 1:7] = True
    found, whole = solve_permeability(bend, 0), solve_permeability(straight, 0)
    assert 0.2 * whole.voxels < found.voxels < 0.8 * whole.voxels
    assert found.elliptic > found.voxels


def test_what_does_not_percolate_lets_nothing_through():
    blocked = duct(6)
    blocked[5] = False
    found = solve_permeability(blocked, 0)
    assert (found.percolates, found.voxels, found.elliptic) == (False, 0.0, 0.0)


def test_the_cheap_field_alone_says_nothing_of_stokes():
    found = solve_permeability(duct(6), 0, stokes=False)
    assert np.isnan(found.voxels)
    assert found.elliptic > 0


def test_refuses_a_slice():
    with pytest.raises(ScanError, match="D, H, W"):
        solve_permeability(np.ones((4, 4), bool), 0)
