import numpy as np
import pytest
import tifffile

from synfine_monai.errors import ScanError
from synfine_monai.scans import open_scan
from synfine_monai.survey import find_field_of_view, find_scan_field_of_view
from synfine_monai.survey.field_of_view import thin_pass

DEPTH = 100
ROWS, COLUMNS = np.mgrid[:96, :80]
TRUTH = np.stack([np.hypot(ROWS - 48, COLUMNS - 40 - 0.02 * z) < 30 for z in range(DEPTH)])


@pytest.fixture
def core(tmp_path):
    grey = np.where(TRUTH, np.random.default_rng(0).normal(1000, 50, TRUTH.shape), 0)
    path = tmp_path / "core.tif"
    tifffile.imwrite(path, grey.astype(np.uint16), photometric="minisblack", metadata={"axes": "ZYX"})
    return path


def mask_file(folder, mask):
    path = folder / "mask.tif"
    tifffile.imwrite(path, mask.astype(np.uint8), photometric="minisblack", metadata={"axes": "ZYX"[-mask.ndim :]})
    return path


def test_slices_that_were_looked_at_are_exact_and_others_close(core):
    with open_scan(core) as scan:
        fov = find_scan_field_of_view(scan)
        found = np.concatenate([fov.slab(z, min(z + 7, DEPTH)) for z in range(0, DEPTH, 7)])
        looked_at = thin_pass(DEPTH)
        assert np.array_equal(found[looked_at], find_field_of_view(scan.read())[looked_at])
    assert found.shape == TRUTH.shape
    assert np.array_equal(found[looked_at], TRUTH[looked_at])
    assert (found != TRUTH).mean() < 0.002


def test_at_most_32_slices_are_read_however_long_the_scan(core, monkeypatch):
    with open_scan(core) as scan:
        reads, read = [], scan.read
        monkeypatch.setattr(scan, "read", lambda start=0, stop=None: reads.append((start, stop)) or read(start, stop))
        find_scan_field_of_view(scan).slab(0, DEPTH)
    assert len(reads) == 32
    assert all(stop == start + 1 for start, stop in reads)


@pytest.mark.parametrize(("depth", "count"), [(1, 1), (5, 5), (32, 32), (1000, 32)])
def test_a_thin_pass_spans_the_scan(depth, count):
    chosen = thin_pass(depth)
    assert (chosen[0], chosen[-1], len(chosen)) == (0, depth - 1, count)


def test_a_given_mask_is_taken_as_it_is(core, tmp_path):
    mask = np.random.default_rng(0).random(TRUTH.shape) < 0.5
    with open_scan(core) as scan:
        fov = find_scan_field_of_view(scan, mask_file(tmp_path, mask * 255))
        assert np.array_equal(fov.slab(20, 31), mask[20:31])


def test_one_slice_of_mask_serves_for_all(core, tmp_path):
    with open_scan(core) as scan:
        fov = find_scan_field_of_view(scan, mask_file(tmp_path, TRUTH[0]))
        assert np.array_equal(fov.slab(90, 93), np.stack([TRUTH[0]] * 3))


def test_a_mask_of_another_shape_is_refused(core, tmp_path):
    with open_scan(core) as scan, pytest.raises(ScanError, match=r"mask\.tif.*3×96×80.*core\.tif.*100×96×80"):
        find_scan_field_of_view(scan, mask_file(tmp_path, TRUTH[:3]))


def test_an_empty_mask_is_refused(core, tmp_path):
    with open_scan(core) as scan, pytest.raises(ScanError, match=r"mask\.tif.*empty"):
        find_scan_field_of_view(scan, mask_file(tmp_path, np.zeros(TRUTH.shape[1:])))


def test_a_constant_scan_is_refused(tmp_path):
    path = tmp_path / "grey.tif"
    tifffile.imwrite(path, np.full((3, 70, 70), 9, np.uint8), photometric="minisblack", metadata={"axes": "ZYX"})
    with open_scan(path) as scan, pytest.raises(ScanError, match=r"grey\.tif is constant.*9"):
        find_scan_field_of_view(scan)
