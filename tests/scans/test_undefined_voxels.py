"""NaN around a core is padding; NaN in it is damage."""

import numpy as np
import pytest

from synfine_monai.scans.undefined_voxels import pad_undefined

SIDE = 64
FAR = np.hypot(*(np.mgrid[:SIDE, :SIDE] - (SIDE - 1) / 2))


@pytest.mark.parametrize("radius", [20, 28, 32, 40])
def test_nan_beyond_a_circle_becomes_padding(radius):
    image = np.where(radius > FAR, 7.0, np.nan)
    assert pad_undefined(image) == 0
    assert np.array_equal(image, np.where(radius > FAR, 7.0, 0.0))


def test_a_slice_of_nan_is_padding():
    image = np.full((SIDE, SIDE), np.nan)
    assert pad_undefined(image) == 0
    assert not image.any()


@pytest.mark.parametrize("where", ["voxel", "row", "hole", "few at the corner"])
def test_nan_in_the_core_is_counted(where):
    image = np.where(FAR < 28, 7.0, np.nan)
    place = {"voxel": np.s_[30, 30], "row": np.s_[30, 10:54], "hole": np.s_[28:36, 28:36]}.get(where)
    if place is None:
        image, place = np.full((SIDE, SIDE), 7.0), np.s_[0, :3]
    image[place] = np.nan
    assert pad_undefined(image) > 0
