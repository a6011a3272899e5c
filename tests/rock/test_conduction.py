"""Laminates and straws conduct as theory says."""

import numpy as np
import pytest

from synfine_monai.errors import ScanError
from synfine_monai.rock import effective_conductivity


def test_laminates_are_exact():
    layers = np.ones((12, 6, 6))
    layers[::2] = 3.0
    assert effective_conductivity(layers, 0).conductivity == pytest.approx(1.5, rel=1e-4)
    assert effective_conductivity(layers, 1).conductivity == pytest.approx(2.0, rel=1e-4)
    assert effective_conductivity(layers, 2, (2.0, 1.0, 3.0)).conductivity == pytest.approx(2.0, rel=1e-4)


def test_straight_straws_have_the_formation_factor_of_their_share():
    straws = np.zeros((10, 10, 10))
    straws[:, ::5, ::5] = 1
    found = effective_conductivity(straws, 0)
    assert found.formation_factor == pytest.approx(25, rel=1e-4)
    assert found.mismatch < 1e-4


def test_flat_voxels_count_as_they_are():
    rng = np.random.default_rng(0)
    pores = 1 + 4.0 * (rng.random((8, 8, 8)) < 0.5)
    finer = np.repeat(pores, 2, axis=0)
    once = effective_conductivity(pores, 2, (2.0, 1.0, 1.0)).conductivity
    assert effective_conductivity(finer, 2).conductivity == pytest.approx(once, rel=0.03)


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_what_does_not_percolate_does_not_conduct(axis):
    blocked = np.ones((6, 6, 6))
    np.moveaxis(blocked, axis, 0)[3] = 0
    found = effective_conductivity(blocked, axis)
    assert not found.percolates
    assert found.conductivity == 0
    assert found.formation_factor == np.inf


def test_dead_ends_carry_nothing():
    straw = np.zeros((10, 10, 10))
    straw[:, 5, 5] = 1
    dead = straw.copy()
    dead[4, 5, 5:] = dead[0:3, 1, 1] = 1
    assert effective_conductivity(dead, 0).conductivity == pytest.approx(
        effective_conductivity(straw, 0).conductivity, rel=1e-4
    )


def test_refuses_a_slice():
    with pytest.raises(ScanError, match="D, H, W"):
        effective_conductivity(np.ones((4, 4)), 0)
