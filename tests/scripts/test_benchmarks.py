"""A scan made large, segmented from every format: the labels are the same."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import tifffile

SCRIPTS = Path(__file__).resolve().parents[2] / "scripts"


@pytest.fixture
def small(tmp_path) -> Path:
    """Five slices of bright noise with dark pores, of 6 µm voxels."""
    rng = np.random.default_rng(0)
    grey = rng.normal(30_000, 1_500, (5, 60, 60))
    grey[:, 20:30, 25:40] -= 15_000
    path = tmp_path / "small.tif"
    tifffile.imwrite(path, grey.astype(np.uint16), imagej=True, resolution=(1 / 6, 1 / 6),
                     metadata={"axes": "ZYX", "unit": "um", "spacing": 6.0})  # fmt: skip
    return path


def test_the_large_scan_is_a_round_core_of_tiles_that_differ(small, tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(SCRIPTS))
    import benchmark_large_scan

    benchmark_large_scan.write_large(tmp_path / "large.tif", small, (7, 128, 128))
    with tifffile.TiffFile(tmp_path / "large.tif") as file:
        assert file.is_bigtiff
        large = file.asarray()
    assert (large.shape, large.dtype) == ((7, 128, 128), np.uint16)
    assert not large[:, :10, :10].any()
    assert large[:, 40:90, 40:90].all()
    assert large[0, 15, 62] < 20_000, "the pore of the second tile, 42 voxels on"
    assert (large[0] != large[5]).any(), "slices of one source slice have noise of their own"


@pytest.mark.slow
def test_every_format_gives_the_same_labels(small, tmp_path):
    command = [sys.executable, str(SCRIPTS / "benchmark_large_scan.py"), "--like", str(small), "--depth", "6", "--side"]
    done = subprocess.run([*command, "120", "--folder", str(tmp_path)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "The labels are the same in all formats." in done.stdout
    assert not list(tmp_path.glob("tmp*")), "the scans are removed"


SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "benchmark_inference.py"


@pytest.mark.slow
def test_every_contender_is_timed_against_inference():
    command = [sys.executable, str(SCRIPT), "--depth", "4", "--side", "64", "--rounds", "1"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in done.stdout.splitlines() if "|" in line]
    found = {row[0]: [float(cell) for cell in row[1:]] for row in rows[2:]}
    assert list(found) == ["inference", "passes", "eager", "monai", "monai_bf16"]
    assert found["inference"][2:4] == [1.0, 1.0]
    assert all(0.05 < peak < 5 for *_, peak in found.values()), "GB, of each process alone"
