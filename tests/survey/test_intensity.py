import json

import numpy as np
import pytest
import tifffile

from synfine_monai.errors import ScanError
from synfine_monai.scans import open_scan
from synfine_monai.survey import (
    METHODS,
    IntensityStatistics,
    find_field_of_view,
    find_scan_field_of_view,
    grey_level_shift,
    measure_intensity,
    measure_scan_intensity,
)


def volume(mean: float = 100.0, deviation: float = 10.0, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(mean, deviation, (4, 100, 100))


ALL = np.ones((4, 100, 100), bool)


@pytest.mark.parametrize("method", ["zscore", "median_mad"])
def test_normal_grey_levels_become_standard(method):
    statistics = measure_intensity([volume()], [ALL], method)
    assert statistics.center == pytest.approx(100, abs=0.3)
    assert statistics.scale == pytest.approx(10, rel=0.02)
    assert statistics.normalise(np.array([[110]], np.uint8)) == pytest.approx(1, abs=0.05)
    assert statistics.normalise(volume()).dtype == np.float32


def test_volumes_are_pooled_and_what_lies_outside_does_not_count():
    inside = ALL.copy()
    inside[:, :, 50:] = False
    dark, bright = volume(90), volume(110)
    dark[~inside] = -1e9
    statistics = measure_intensity([dark, bright], [inside, ALL])
    assert statistics.center == pytest.approx((90 + 2 * 110) / 3, abs=0.3)


@pytest.mark.parametrize("method", ["clipped_zscore", "median_mad"])
def test_a_bright_mineral_hardly_moves_the_robust_methods(method):
    def moved(method):
        plain, rich = volume(), volume()
        rich[:, :7] = 400  # 7 % of the core
        a, b = (measure_intensity([grey], [ALL], method) for grey in (plain, rich))
        return abs(a.normalise(np.float32(80)) - b.normalise(np.float32(80)))

    assert moved(method) < 0.3
    assert moved("zscore") > 1


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(("factor", "offset"), [(257, 0), (0.01, -3)])
def test_scale_and_offset_of_the_grey_levels_do_not_matter(method, factor, offset):
    first = measure_intensity([volume()], [ALL], method)
    other = measure_intensity([volume() * factor + offset], [ALL], method)
    assert np.allclose(first.normalise(volume()), other.normalise(volume() * factor + offset), atol=1e-3)
    assert grey_level_shift(first, other) == pytest.approx(0, abs=1e-3)


def test_statistics_can_be_written_as_json():
    statistics = measure_intensity([volume()], [ALL], "clipped_zscore")
    assert json.loads(json.dumps(statistics.to_dict()))["center"] == statistics.center


def test_the_histogram_adds_up_and_its_ends_are_open():
    grey = volume()
    grey[0, 0, :10] = 1e6
    statistics = measure_intensity([grey], [ALL], "median_mad")
    assert sum(statistics.histogram) == pytest.approx(1)
    assert statistics.histogram[-1] == pytest.approx(10 / grey.size)


def test_the_distance_of_two_histograms_is_the_shift_between_them():
    one = measure_intensity([volume()], [ALL])
    bins = np.array(one.histogram)
    shifted = IntensityStatistics(one.method, one.center, one.scale, one.bin_edges, tuple(np.roll(bins, 10)))
    assert grey_level_shift(one, shifted) == pytest.approx(10 * (one.bin_edges[1] - one.bin_edges[0]), rel=0.01)
    assert grey_level_shift(one, one) == 0


def test_a_scan_measured_slice_by_slice_gives_what_its_slices_give(tmp_path):
    rows, columns = np.mgrid[:100, :100]
    core = np.hypot(rows - 50, columns - 50) < 40
    grey = np.where(core, volume(1000, 80), 0).astype(np.uint16)
    tifffile.imwrite(tmp_path / "scan.tif", grey, photometric="minisblack", metadata={"axes": "ZYX"})
    with open_scan(tmp_path / "scan.tif") as scan:
        statistics = measure_scan_intensity(scan, find_scan_field_of_view(scan))
    expected = measure_intensity([grey], [find_field_of_view(grey)])
    assert statistics.center == pytest.approx(expected.center)
    assert statistics.scale == pytest.approx(expected.scale)


@pytest.mark.parametrize(
    ("grey", "fov", "method", "problem"),
    [
        (np.ones((1, 9, 9)), np.ones((1, 9, 9), bool), "zscore", "do not vary"),
        (np.ones((1, 9, 9)), np.zeros((1, 9, 9), bool), "zscore", "empty"),
        (np.full((1, 9, 9), np.nan), np.ones((1, 9, 9), bool), "median_mad", "NaN"),
        (np.indices((1, 9, 9)).sum(0) % 2, np.ones((1, 9, 9), bool), "zscore", "only the values 0 and 1"),
        (np.clip(volume()[:1], 95, 105), ALL[:1], "zscore", "cut off at both ends"),
        (np.ones((1, 9, 9)), np.ones((1, 9, 9), bool), "percentile", "choose zscore, clipped_zscore, median_mad"),
    ],
)
def test_refuses_what_gives_no_scale(grey, fov, method, problem):
    with pytest.raises(ScanError, match=problem):
        measure_intensity([grey], [fov], method)


def test_the_brightest_and_darkest_may_be_cut_off_a_little():
    measure_intensity([np.clip(volume(), 80, 120)], [ALL])
