"""Chords by known answers, whatever the slabs."""

import numpy as np
import pytest

from synfine_monai.rock import ChordCounter, mean_chord


def chords(phase, core=None, slab=None):
    counter, core = ChordCounter(), np.ones_like(phase) if core is None else core
    for z in range(0, len(phase), slab or len(phase)):
        counter.add(phase[z : z + (slab or len(phase))], core[z : z + (slab or len(phase))])
    return counter.finish()


@pytest.mark.parametrize("slab", [None, 1, 4])
def test_a_box_has_chords_of_its_edges(slab):
    phase = np.zeros((20, 20, 20), bool)
    phase[3:10, 4:9, 5:8] = True
    found = chords(phase, slab=slab)
    for axis, (length, count) in enumerate([(7, 5 * 3), (5, 7 * 3), (3, 7 * 5)]):
        assert found[axis, length] == found[axis].sum() == count
        assert mean_chord(found[axis]) == length


@pytest.mark.parametrize("slab", [None, 1, 4])
def test_chords_that_the_end_of_the_core_cuts_off_do_not_count(slab):
    phase, core = np.zeros((12, 12, 12), bool), np.ones((12, 12, 12), bool)
    phase[:4, :4, :4] = True
    core[:, :, :6] = False
    phase[:, :, 6:8] = True
    found = chords(phase, core, slab)
    assert found.sum() == 0
    assert np.isnan(mean_chord(found[0]))


@pytest.mark.parametrize("slab", [1, 5])
def test_slabs_change_nothing(slab):
    rng = np.random.default_rng(0)
    phase, core = rng.random((17, 16, 15)) < 0.5, rng.random((17, 16, 15)) < 0.9
    np.testing.assert_array_equal(chords(phase, core, slab), chords(phase, core))
