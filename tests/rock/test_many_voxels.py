"""More voxels than 2³¹ are counted right: slabs are counted one by one, so that the counters alone must hold them."""

import numpy as np

from synfine_monai.rock import ChordCounter, EulerCounter, PairCounter


def test_counts_do_not_end_at_2_to_the_31():
    counter, chords, euler = PairCounter(1), ChordCounter(), EulerCounter()
    phase, core = np.zeros((2, 8, 8), bool), np.ones((2, 8, 8), bool)
    phase[:, 2:4] = True
    for one in (counter, chords, euler):
        one.add(phase, core)
    for counts in (counter._both, counter._pairs, counter._crossings, chords._counts, euler._in_phase, euler._in_core):
        assert counts.dtype == np.int64
        counts *= 2**31
    for one in (counter, chords, euler):
        one.add(phase, core)
    found = counter.finish()
    assert found.pairs[2, 0] == 128 * (2**31 + 1)
    assert found.correlation[2, 0] == 0.25
    assert chords.finish()[1, 2] == 16 * (2**31 + 1)
    assert np.isfinite(euler.finish())
