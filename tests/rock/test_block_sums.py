"""Sums over cubes, whatever the slabs."""

import numpy as np
import pytest

from synfine_monai.rock import BlockCounter


@pytest.mark.parametrize("slab", [1, 5, 8, 40])
def test_cubes_are_summed_whatever_the_slabs(slab):
    rng = np.random.default_rng(0)
    phase, core = rng.random((21, 18, 26)) < 0.4, rng.random((21, 18, 26)) < 0.9
    counter = BlockCounter()
    for z in range(0, 21, slab):
        counter.add(phase[z : z + slab], core[z : z + slab])
    found = counter.finish()
    assert found.shape == (2, 2, 2, 3)
    assert found[0, 1, 1, 2] == np.count_nonzero((phase & core)[8:16, 8:16, 16:24])
    assert found[1, 0, 1, 0] == np.count_nonzero(core[:8, 8:16, :8])


def test_a_thin_volume_has_no_cube():
    counter = BlockCounter()
    counter.add(np.ones((5, 9, 9), bool), np.ones((5, 9, 9), bool))
    assert counter.finish().size == 0
