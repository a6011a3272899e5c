"""How far a level has to move, and what covers one more window."""

import numpy as np
import pytest

from synfine_monai.errors import ScanError
from synfine_monai.rock import covering_shift, fewest_and_most, needed_shift

CHANCES = np.array([[0.9, 0.8, 0.45], [0.3, 0.2, 0.1]])


@pytest.mark.parametrize(("pores", "shift"), [(2, 0.0), (3, 0.05), (4, 0.2), (1, 0.3), (0, 0.4)])
def test_as_many_voxels_lie_above_the_level_as_are_pores(pores, shift):
    truth = np.arange(6).reshape(2, 3) < pores
    found = needed_shift(CHANCES, truth)
    assert found == pytest.approx(shift)
    fewest, most = fewest_and_most(CHANCES, found + 1e-9)
    assert fewest.sum() <= pores <= most.sum()


def test_one_more_window_is_covered_as_often_as_was_asked_for():
    rng = np.random.default_rng(0)
    held = [rng.uniform(0, 0.5) <= covering_shift(rng.uniform(0, 0.5, 19)) for _ in range(4000)]
    assert np.mean(held) == pytest.approx(0.95, abs=0.012)


def test_too_few_windows_are_refused():
    with pytest.raises(ScanError, match="takes 19 labelled windows or more, got 18"):
        covering_shift(np.zeros(18))


def test_no_shift_leaves_the_labels_and_the_whole_one_all_or_nothing():
    fewest, most = fewest_and_most(CHANCES, 0.0)
    assert np.array_equal(fewest, CHANCES >= 0.5)
    assert np.array_equal(most, fewest)
    fewest, most = fewest_and_most(np.array([0.0, 0.2, 1.0]), 0.5)
    assert fewest.tolist() == [False, False, True]
    assert most.tolist() == [False, True, True]


@pytest.mark.parametrize("shift", [-0.1, 0.6])
def test_a_level_stays_between_0_and_1(shift):
    with pytest.raises(ScanError, match="A level moves by 0 to"):
        fewest_and_most(CHANCES, shift)
