"""Scan, checkpoint, mask and results folder under names that MONAI reads as syntax, from a command to the files."""

import shutil

import numpy as np
import pytest
from tiny_core import CONFIGS, write_tiff

from synfine_monai.bundle import run_verb
from synfine_monai.scans import open_scan


@pytest.fixture
def odd(sample, pretrained, tmp_path, monkeypatch):
    """Copies of the tiny scan and model under odd names, relative to the working directory."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "$lab #2").mkdir()
    shutil.copy(sample.scan, tmp_path / "$lab #2" / "core #3 @home 100%.tif")
    shutil.copytree(pretrained, tmp_path / "2024_05")
    write_tiff(tmp_path / "%mask#.tif", np.ones((1, *sample.image.shape[1:]), np.uint8))
    return {"scan": "$lab #2/core #3 @home 100%.tif", "checkpoint": "2024_05", "fov": "%mask#.tif"}


def test_segmenting_writes_where_it_was_told(odd, tmp_path):
    run_verb(CONFIGS / "inference.yaml", **odd, output_dir="@out #1", engine="eager", device="cpu")
    written = {file.name for file in (tmp_path / "@out #1").iterdir()}
    assert {"core #3 @home 100%_labels.tif", "core #3 @home 100%_porosity.json", "config.yaml"} <= written
    with open_scan(tmp_path / "@out #1" / "core #3 @home 100%_labels.tif") as labels:
        assert labels.shape == (6, 96, 96)
    run_verb(CONFIGS / "porosity.yaml", labels="@out #1/core #3 @home 100%_labels.tif", pore_labels=[1], output_dir="7")
    assert "core #3 @home 100%_connected_porosity.json" in {file.name for file in (tmp_path / "7").iterdir()}
    assert {one.name for one in tmp_path.iterdir()} == {"$lab #2", "2024_05", "%mask#.tif", "@out #1", "7"}


@pytest.mark.slow
def test_a_pipeline_hands_on_odd_paths(odd, sample, tmp_path):
    shutil.copy(sample.labels, tmp_path / "labels #$.tif")
    options = {"scan": odd["scan"], "labels": "labels #$.tif", "output_dir": "2024", "device": "cpu"}
    run_verb(CONFIGS / "synfine.yaml", **options, pairs=64, epochs=1, tune="none", label_budget=1)
    assert (tmp_path / "2024" / "predictions" / "core #3 @home 100%_labels.tif").is_file()
    assert {one.name for one in tmp_path.iterdir()} == {"$lab #2", "2024_05", "%mask#.tif", "labels #$.tif", "2024"}
