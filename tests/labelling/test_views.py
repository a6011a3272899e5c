"""Boxes on slices."""

import pytest

from synfine_monai.errors import ScanError
from synfine_monai.labelling.views import Box, check_slice, clipped_box, slice_shape

SHAPE = (10, 20, 30)


def test_rows_and_columns_of_each_view():
    assert [slice_shape(SHAPE, view) for view in ("xy", "xz", "yz")] == [(20, 30), (10, 30), (10, 20)]


def test_a_box_is_clipped_to_its_slice():
    assert clipped_box(SHAPE, "xy", 0, [-5, 25, 10, 100]) == Box(0, 25, 5, 5)
    assert clipped_box(SHAPE, "yz", 29, None) == Box(0, 0, 10, 20)


@pytest.mark.parametrize("box", [[0, 0, 5], [0, 0, 0, 5], [20, 0, 5, 5], [0, 0, 5.0, 5], [0, 0, True, 5]])
def test_boxes_that_are_none_are_refused(box):
    with pytest.raises(ScanError, match="box"):
        clipped_box(SHAPE, "xy", 0, box)


@pytest.mark.parametrize(("view", "index"), [("zz", 0), ("xy", 10), ("xy", -1), ("xz", 20), ("yz", 30), ("xy", 1.0)])
def test_slices_that_are_not_there_are_refused(view, index):
    with pytest.raises(ScanError, match=r"there is no (view|slice)"):
        check_slice(SHAPE, view, index)


def test_a_grown_box_begins_at_cells_of_pooling_and_stays_on_the_slice():
    grown = Box(41, 50, 10, 10).grown(24, 4, (70, 200))
    assert grown == Box(16, 24, 54, 60)  # rows end with the slice
    assert grown.row % 4 == grown.column % 4 == 0
    assert Box(41, 50, 10, 10).within(grown) == (slice(25, 35), slice(26, 36))
