import numpy as np
import pytest
import tifffile

from synfine_monai.scans import open_scan
from synfine_monai.survey import find_scan_field_of_view, measure_scan_intensity

DEPTH, SIDE = 24, 120


def rock(seed: int = 0) -> np.ndarray:
    """(D, H, W): a box of matrix at 2000 with a fifth of pores at 800, noise of 60."""
    rng = np.random.default_rng(seed)
    pores = rng.random((DEPTH, SIDE // 6, SIDE // 6)).repeat(6, 1).repeat(6, 2) < 0.2
    return np.where(pores, 800.0, 2000.0) + rng.normal(0, 60, pores.shape)


def measured(tmp_path, grey, flatten=False):
    tifffile.imwrite(tmp_path / "scan.tif", grey.astype(np.float32), photometric="minisblack", metadata={"axes": "ZYX"})
    with open_scan(tmp_path / "scan.tif") as scan:
        return measure_scan_intensity(scan, find_scan_field_of_view(scan), flatten=flatten)


def test_a_steady_scan_has_no_drift(tmp_path):
    assert measured(tmp_path, rock()).drift.span < 40


def test_a_drift_along_the_core_is_found_and_taken_out(tmp_path):
    grey = rock()
    drifting = grey * (1 + 0.2 * np.linspace(-0.5, 0.5, DEPTH))[:, None, None]
    statistics = measured(tmp_path, drifting, flatten=True)
    assert statistics.drift.gain
    assert statistics.drift.span == pytest.approx(400, rel=0.15)
    flat = statistics.drift.correct(drifting, 0)
    assert np.abs(flat - grey).mean() < 15
    assert np.allclose(statistics.normalise(drifting[20:], 20), statistics.normalise(drifting)[20:])


def test_an_even_offset_is_told_from_a_gain(tmp_path):
    grey = rock()
    drifting = grey + 300 * np.linspace(-0.5, 0.5, DEPTH)[:, None, None]
    drift = measured(tmp_path, drifting).drift
    assert not drift.gain
    assert np.abs(drift.correct(drifting, 0) - grey).mean() < 15


def test_beam_hardening_is_found(tmp_path):
    rows, columns = np.mgrid[:SIDE, :SIDE] - (SIDE - 1) / 2
    far = (rows**2 + columns**2) / (2 * (SIDE / 2) ** 2)
    grey = rock() + 400 * far
    drift = measured(tmp_path, grey).drift
    assert drift.outwards == pytest.approx(400, rel=0.15)
    assert abs(drift.along[0]) < 20


def test_nothing_is_corrected_unless_asked(tmp_path):
    statistics = measured(tmp_path, rock())
    assert not statistics.flatten
    assert np.allclose(statistics.normalise(rock()), (rock() - statistics.center) / statistics.scale, atol=1e-4)


def test_three_slices_are_too_few_to_tell(tmp_path):
    assert measured(tmp_path, rock()[:1]).drift is None
