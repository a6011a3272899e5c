"""Cubes are laid from the middle, and solved along one axis at a time."""

import numpy as np
import pytest

from synfine_monai.rock import cubes_of, measure_cube, to_millidarcy


def test_cubes_lie_side_by_side_and_the_middle_comes_first():
    corners = list(cubes_of((10, 31, 30), 10))
    assert len(corners) == 9
    assert corners[0] == (0, 10, 10)
    assert {y for _, y, _ in corners} == {0, 10, 20}
    assert list(cubes_of((9, 30, 30), 10)) == []


def test_a_cube_says_where_it_lies_and_what_flows():
    pores = np.zeros((12, 12, 12), bool)
    pores[:, 3:9, 3:9] = True
    along = measure_cube(pores, (1, 2, 3), "z", stokes=True)
    assert along.formation_factor == pytest.approx(4, rel=1e-3)
    assert along.stokes is not None
    assert along.stokes < along.elliptic * 1.01
    across = measure_cube(pores, (1, 2, 3), "x", stokes=True)
    assert (across.percolates, across.formation_factor, across.stokes) == (False, None, 0.0)
    assert along.to_dict()["corner"] == [1, 2, 3]


def test_a_darcy_is_a_square_micrometre():
    assert to_millidarcy(1.0, 1.0) == pytest.approx(1013.25, rel=1e-4)
