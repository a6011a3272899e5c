"""The gallery of artefacts, on a scan that fits into a test."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import tifffile
from matplotlib.image import imread

from synfine_monai.errors import ScanError
from synfine_monai.transforms.corrupt import CORRUPTION_NAMES, SEVERITIES

SCRIPTS = Path(__file__).resolve().parents[2] / "scripts"


@pytest.fixture
def gallery(monkeypatch):
    """The module scripts/make_corruption_gallery.py."""
    monkeypatch.syspath_prepend(str(SCRIPTS))
    import make_corruption_gallery

    return make_corruption_gallery


@pytest.fixture
def scan(tmp_path) -> Path:
    """Two slices of grey noise with a dark pore in the middle."""
    grey = np.random.default_rng(0).normal(200, 5, (2, 48, 40)).clip(0, 255)
    grey[:, 18:30, 14:26] = 20
    tifffile.imwrite(tmp_path / "scan.tif", grey.astype(np.uint8), photometric="minisblack")
    return tmp_path / "scan.tif"


def test_every_artefact_has_a_row_and_every_severity_a_column(gallery, scan):
    figure = gallery.corruption_figure(gallery.middle_of_slice(scan, 1, 32), seed=0)
    assert len(figure.axes) == len(CORRUPTION_NAMES) * (1 + len(SEVERITIES))
    assert [axes.get_ylabel().replace(" ", "_") for axes in figure.axes if axes.get_ylabel()] == list(CORRUPTION_NAMES)


def test_the_middle_is_cut_out_and_small_slices_stay_whole(gallery, scan):
    whole = tifffile.imread(scan)
    np.testing.assert_array_equal(gallery.middle_of_slice(scan, 0, 16)[0], whole[0, 16:32, 12:28])
    assert gallery.middle_of_slice(scan, 0, 256).shape == (1, 48, 40)


def test_a_slice_that_is_not_there_is_named(gallery, scan):
    with pytest.raises(ScanError, match="slices 0 to 1, not 7"):
        gallery.middle_of_slice(scan, 7, 32)


@pytest.mark.slow
def test_writes_a_picture(scan, tmp_path):
    command = [sys.executable, SCRIPTS / "make_corruption_gallery.py", "--scan", scan, "--output", tmp_path / "all.png"]
    subprocess.run(command, check=True, capture_output=True)
    assert imread(tmp_path / "all.png").shape[0] > 500
