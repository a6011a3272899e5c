import numpy as np
import pytest

from synfine_monai.transforms import fill_outside

ROWS, COLUMNS = np.mgrid[:120, :90]
INSIDE = (np.hypot(ROWS - 60, COLUMNS - 45) < 40)[None]


def test_inside_nothing_changes_and_outside_takes_the_rock_s_level():
    image = np.where(INSIDE, np.random.default_rng(0).normal(100, 5, INSIDE.shape), 0).astype(np.float32)
    filled = fill_outside(image, INSIDE)
    assert filled.dtype == np.float32
    assert np.array_equal(filled[INSIDE], image[INSIDE])
    assert np.abs(filled[~INSIDE] - 100).max() < 25
    assert filled[~INSIDE].mean() == pytest.approx(100, abs=2)


def test_each_side_takes_the_level_of_its_own_rim():
    image = np.where(INSIDE, np.where(COLUMNS < 45, 10.0, 20.0), -1e6)
    filled = fill_outside(image, INSIDE)[0]
    assert filled[60, 3] == pytest.approx(10, abs=1)
    assert filled[60, 86] == pytest.approx(20, abs=1)
    assert filled.min() >= 10
    assert filled.max() <= 20


def test_values_outside_never_leak_in():
    image = np.random.default_rng(0).normal(size=INSIDE.shape).astype(np.float32)
    other = np.where(INSIDE, image, np.nan).astype(np.float32)
    assert np.array_equal(fill_outside(image, INSIDE), fill_outside(other, INSIDE))


def test_a_slice_wholly_outside_takes_the_mean_and_one_wholly_inside_stays():
    image = np.arange(2 * 64, dtype=np.uint8).reshape(2, 8, 8)
    fov = np.stack([np.ones((8, 8), bool), np.zeros((8, 8), bool)])
    filled = fill_outside(image, fov)
    assert np.array_equal(filled[0], image[0])
    assert np.allclose(filled[1], 31.5)


def test_the_input_is_left_alone():
    image = np.where(INSIDE, 1.0, 0.0).astype(np.float32)
    fill_outside(image, INSIDE)
    assert image.min() == 0


@pytest.mark.parametrize(("fov", "problem"), [(np.ones((1, 3, 3)), "shape"), (np.zeros((1, 4, 4)), "empty")])
def test_refuses_masks_that_do_not_fit(fov, problem):
    with pytest.raises(ValueError, match=problem):
        fill_outside(np.ones((1, 4, 4)), fov.astype(bool))
