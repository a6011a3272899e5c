import numpy as np
import pytest
from scipy.ndimage import label as connected

from synfine_monai.data import Strokes, find_strokes
from synfine_monai.data.strokes import every_third, filled_share


def strokes_of(volume):
    return find_strokes((z, values, values > 0) for z, values in enumerate(volume))


def test_strokes_are_the_connected_parts_of_each_class():
    rng = np.random.default_rng(0)
    volume = (rng.random((5, 20, 31)) < 0.12) * rng.integers(1, 4, (5, 20, 31))
    found = strokes_of(volume)
    assert found.count == sum(connected(volume == k, np.ones((3, 3, 3)))[1] for k in (1, 2, 3))
    for k in (1, 2, 3):
        parts = connected(volume == k, np.ones((3, 3, 3)))[0][tuple(found.places[found.values == k].T)]
        numbers = found.numbers[found.values == k]
        assert len(set(zip(parts, numbers, strict=True))) == len(set(parts)) == len(set(numbers))


def test_a_stroke_drawn_in_an_xz_view_is_one_stroke():
    volume = np.zeros((12, 16, 16), np.uint8)
    volume[2:10, 7, 3:6] = 1
    volume[0, 0, -1], volume[0, 1, 0] = 1, 1  # neighbours in memory only
    found = strokes_of(volume)
    assert found.count == 3
    assert np.bincount(found.numbers).tolist() == [1, 1, 24]


def test_nothing_labelled_is_no_stroke():
    assert strokes_of(np.zeros((2, 8, 8), np.uint8)).count == 0


@pytest.mark.parametrize(("count", "held"), [(1, []), (2, [1]), (3, [2]), (7, [2, 5])])
def test_every_third_stroke_is_held_back_and_one_of_two(count, held):
    numbers = np.arange(count)
    assert every_third(Strokes(np.empty(0), np.zeros(count, int), numbers)).tolist() == held


def test_labels_are_filled_where_half_a_window_is_labelled():
    masks = [np.zeros((200, 150), bool) for _ in range(3)]
    masks[0][10:74, 70:134] = True  # a square
    masks[1][50:95, 50:96] = True  # 2070 voxels, just half of a window
    masks[2][50:95, 50:95] = True  # 2025, just less
    assert filled_share(masks) == (4096 + 2070 + 2025, 4096 + 2070)
