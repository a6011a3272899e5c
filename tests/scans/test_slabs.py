import pytest

from synfine_monai.scans import slab_with_halo


@pytest.mark.parametrize(
    ("start", "stop", "depth", "expected"),
    [
        (0, 8, 200, (0, 32)),  # nothing lies before the first slice
        (80, 88, 200, (56, 112)),
        (81, 82, 200, (56, 108)),  # outwards to whole cells of four slices, from both ends of the scan
        (81, 82, 201, (56, 109)),
        (192, 200, 200, (168, 200)),
        (3, 5, 9, (0, 9)),
    ],
)
def test_slices_to_read(start, stop, depth, expected):
    assert slab_with_halo(start, stop, depth, 24) == expected


@pytest.mark.parametrize("depth", [1, 7, 30, 98, 101])
@pytest.mark.parametrize("slices", [1, 3, 8])
def test_cells_are_those_of_the_whole_scan_and_the_halo_is_there(depth, slices):
    for start in range(0, depth, slices):
        stop = min(start + slices, depth)
        first, last = slab_with_halo(start, stop, depth, 24)
        assert first % 4 == 0 == (depth - last) % 4
        assert 0 <= first <= max(0, start - 24)
        assert min(depth, stop + 24) <= last <= depth
        assert last - first < slices + 2 * (24 + 4)


def test_no_halo_is_the_slab_itself():
    assert slab_with_halo(5, 7, 100, 0) == (5, 7)
