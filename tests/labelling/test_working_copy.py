"""The 8-bit copy shows the scan's voxels in every view, is made anew when the scan changes, and never half."""

import tracemalloc

import numpy as np
import pytest
import tifffile
from made_scan import MadeScan
from painted_rock import rock_scan

from synfine_monai.errors import ScanError
from synfine_monai.labelling import working_copy
from synfine_monai.labelling.views import AXES, Box
from synfine_monai.labelling.working_copy import make_working_copy, to_eight_bits
from synfine_monai.scans import open_scan
from synfine_monai.survey import find_scan_field_of_view, measure_scan_intensity


def copied(path, folder, **more):
    scan = open_scan(path) if not isinstance(path, MadeScan) else path
    fov = find_scan_field_of_view(scan)
    return make_working_copy(scan, fov, measure_scan_intensity(scan, fov), folder, **more)


@pytest.fixture(scope="module")
def rock_copy(tmp_path_factory):
    folder = tmp_path_factory.mktemp("rock")
    path, _ = rock_scan(folder, shape=(70, 100, 300))
    return copied(path, folder), tifffile.imread(path)


@pytest.mark.parametrize(
    ("view", "index", "box"),
    [
        ("xy", 0, (0, 0, 100, 300)),
        ("xy", 66, (3, 200, 50, 100)),
        ("xz", 99, (0, 0, 70, 300)),
        ("xz", 5, (60, 250, 9, 20)),
        ("yz", 256, (0, 0, 70, 100)),
        ("yz", 255, (63, 1, 3, 90)),
    ],
)
def test_any_part_of_any_slice_is_that_of_the_scan(rock_copy, view, index, box):
    copy, volume = rock_copy
    plane = np.moveaxis(volume, AXES[view], (0, 1, 2))[index][Box(*box).cut]
    np.testing.assert_array_equal(copy.grey(view, index, Box(*box)), copy.eight_bits(plane))
    inside = (plane > copy.low) & (plane < copy.high)
    assert inside.mean() > 0.99
    step = (copy.high - copy.low) / 255
    assert np.abs(copy.levels(view, index, Box(*box)) - plane)[inside].max() <= step / 2 + 1e-2


def test_eight_bit_scans_stay_as_they_are():
    grey = np.arange(256, dtype=np.uint8)
    assert to_eight_bits(grey, 0, 255) is grey


def test_it_is_made_once_and_again_when_the_scan_changes(tmp_path):
    path, _ = rock_scan(tmp_path)
    told = []
    first = copied(path, tmp_path, progress=told.append)
    assert told == sorted(told)
    assert told[-1] == 1.0
    told.clear()
    assert copied(path, tmp_path, progress=told.append).content == first.content
    assert told == []
    grey = tifffile.imread(path)
    grey[20, 5, 5] += 1
    tifffile.imwrite(path, grey)
    again = copied(path, tmp_path, progress=told.append)
    assert told
    assert again.content != first.content


def test_what_was_stopped_half_way_counts_for_nothing(tmp_path, monkeypatch):
    path, _ = rock_scan(tmp_path)
    monkeypatch.setattr(working_copy, "SLAB_VOXELS", 1 << 14)

    def stop(share):
        if share > 0.5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        copied(path, tmp_path, progress=stop)
    assert sorted(file.name for file in tmp_path.iterdir()) == ["rock.tif"]
    told = []
    copied(path, tmp_path, progress=told.append)
    assert told[0] < 0.5


def test_nan_in_the_core_is_refused(tmp_path):
    path, _ = rock_scan(tmp_path)
    grey = tifffile.imread(path).astype(np.float32)
    grey[7, 30, 30] = np.nan  # between the slices that the survey looks at
    tifffile.imwrite(path, grey)
    with pytest.raises(ScanError, match="1 voxels of slice 7 are NaN"):
        copied(path, tmp_path)


def test_memory_does_not_grow_with_the_length_of_the_scan(tmp_path, monkeypatch):
    """A slab and a layer of chunks of each level are in memory, and no more: 2,000 slices need what 130 need."""
    monkeypatch.setattr(working_copy, "SLAB_VOXELS", 1 << 17)
    peaks = []
    for depth in (130, 390):
        folder = tmp_path / str(depth)
        folder.mkdir()
        scan = MadeScan((depth, 96, 96))
        fov = find_scan_field_of_view(scan)
        statistics = measure_scan_intensity(scan, fov)
        tracemalloc.start()
        copy = make_working_copy(scan, fov, statistics, folder)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        assert copy.grey("xz", 50, Box(0, 0, depth, 96)).shape == (depth, 96)
    assert peaks[1] < 1.15 * peaks[0]
