"""Pairs and surfaces by known answers, whatever the slabs."""

import numpy as np
import pytest

from synfine_monai.rock import PairCounter, two_point_correlation


def counted(phase, core=None, slab=None, reach=8):
    counter = PairCounter(reach)
    core = np.ones_like(phase) if core is None else core
    for z in range(0, len(phase), slab or len(phase)):
        counter.add(phase[z : z + (slab or len(phase))], core[z : z + (slab or len(phase))])
    return counter.finish()


@pytest.fixture
def noise():
    rng = np.random.default_rng(0)
    return rng.random((19, 23, 27)) < 0.3, rng.random((19, 23, 27)) < 0.8


def test_pairs_are_those_that_a_plain_count_finds(noise):
    phase, core = noise
    found = counted(phase, core)
    inside = phase & core
    assert found.both[0, 3] == np.count_nonzero(inside[:-3] & inside[3:])
    assert found.pairs[1, 8] == np.count_nonzero(core[:, :-8] & core[:, 8:])
    assert found.both[2, 5] == np.count_nonzero(inside[..., :-5] & inside[..., 5:])
    assert found.crossings[2] == np.count_nonzero((inside[..., 1:] ^ inside[..., :-1]) & core[..., 1:] & core[..., :-1])
    in_plane = (found.both[1] + found.both[2]) / (found.pairs[1] + found.pairs[2])
    np.testing.assert_allclose(in_plane, two_point_correlation(phase, core, 8))


@pytest.mark.parametrize("slab", [1, 3, 7])
def test_slabs_change_nothing(noise, slab):
    whole, cut = counted(*noise), counted(*noise, slab)
    for name in ("both", "pairs", "crossings"):
        np.testing.assert_array_equal(getattr(whole, name), getattr(cut, name))


def test_layers_have_their_surface_along_one_axis_only():
    layers = np.zeros((20, 9, 9), bool)
    layers[5:10] = True
    mean, by_axis = counted(layers).specific_surface((2.0, 1.0, 1.0))
    assert by_axis == pytest.approx((2 * 2 / 19 / 2, 0, 0))
    assert mean == pytest.approx(by_axis[0] / 3)


def test_a_lag_beyond_the_volume_is_unknown():
    assert np.isnan(counted(np.ones((3, 20, 20), bool)).correlation[0, 3:]).all()


def test_spheres_have_the_surface_of_spheres():
    z, y, x = np.mgrid[:60, :60, :60] - 29.5
    ball = z**2 + y**2 + x**2 < 20**2
    mean, _ = counted(ball).specific_surface((1, 1, 1))
    assert mean == pytest.approx(4 * np.pi * 20**2 / 60**2 / 59, rel=0.01)
