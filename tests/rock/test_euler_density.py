"""Euler numbers of shapes whose pieces and handles are known."""

import numpy as np
import pytest

from synfine_monai.rock import EulerCounter


def euler(phase, slab=None):
    counter = EulerCounter()
    for z in range(0, len(phase), slab or len(phase)):
        part = phase[z : z + (slab or len(phase))]
        counter.add(part, np.ones_like(part))
    return counter.finish()


@pytest.fixture(scope="module")
def noise():
    return np.random.default_rng(0).random((40, 40, 40)) < 0.02


def test_single_voxels_are_counted(noise):
    lonely = np.zeros((40, 40, 40), bool)
    lonely[2::4, 2::4, 2::4] = True
    assert euler(lonely) * lonely.size == pytest.approx(1000)


def test_a_ring_is_one_piece_with_one_handle():
    rings = np.zeros((90, 90, 90), bool)
    rings[44, 40:45, 40:45] = True
    rings[44, 42, 42] = False
    rings[44, 41:44, 41:44] = False
    assert euler(rings) * rings.size == pytest.approx(0, abs=0.5)
    rings[20, 20, 20] = True
    assert euler(rings) * rings.size == pytest.approx(1, abs=0.5)


@pytest.mark.parametrize("slab", [1, 7])
def test_slabs_change_nothing(noise, slab):
    assert euler(noise, slab) == euler(noise)


def test_the_density_of_random_voxels_is_that_of_theory():
    p = 0.2
    noise = np.random.default_rng(1).random((100, 100, 100)) < p
    assert euler(noise) == pytest.approx(p - 3 * p**2 + 3 * p**4 - p**8, rel=0.02)


def test_a_single_slice_has_no_cubes():
    assert np.isnan(euler(np.ones((1, 9, 9), bool)))
