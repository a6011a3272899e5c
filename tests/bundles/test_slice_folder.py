"""A scan and its labels as folders of slices, through the verbs that learn from it and judge."""

import json

import numpy as np
import pytest
import tifffile
from PIL import Image
from tiny_core import CONFIGS, TINY_TUNING

from synfine_monai.bundle import run_verb
from synfine_monai.report import read_metrics
from synfine_monai.scans import open_scan


@pytest.fixture
def folders(sample, tmp_path):
    """The tiny core as a folder of TIFFs, and labels of slices 1, 3 and 4 as PNGs."""
    scan, labels = tmp_path / "core", tmp_path / "labels"
    scan.mkdir()
    labels.mkdir()
    for z, image in enumerate(sample.image):
        tifffile.imwrite(scan / f"core_{z:03d}.tif", image)
    for z in (1, 3, 4):
        Image.fromarray(sample.truth[z]).save(labels / f"core_{z:03d}.png")
    return {"scan": str(scan), "labels": str(labels)}


def test_held_back_slices_are_scored_under_their_depth(folders, pretrained, tmp_path):
    out = tmp_path / "out"
    run_verb(
        CONFIGS / "evaluate.yaml", checkpoint=str(pretrained), output_dir=str(out), phases="matrix,pore", **folders
    )
    assert read_metrics(out / "metrics.json")["split"] == "held-back slices"
    assert [path.name for path in out.glob("figures/slice_*.png")] == ["slice_core_0004.png"]
    hashed = json.loads((out / "provenance.json").read_text())["data"]
    assert {name.rpartition("/")[2] for name in hashed} == {
        *(f"core_{z:03d}.tif" for z in range(6)), *(f"core_{z:03d}.png" for z in (1, 3, 4))}  # fmt: skip


@pytest.mark.slow
def test_learn_ends_with_the_whole_folder_segmented(folders, sample, tmp_path):
    out = tmp_path / "out"
    stages = {"pipeline#stages#0#train": {"output_dir": "@pretrained", "steps_per_epoch": 2, "batch_size": 8},
              "pipeline#stages#2#finetune": {"checkpoint": "@pretrained", **TINY_TUNING}}  # fmt: skip
    options = {"phases": "matrix,pore", "pairs": 64, "epochs": 1, "label_budget": 2, **folders, **stages}
    run_verb(CONFIGS / "synfine.yaml", output_dir=str(out), **options)
    assert [path.name for path in (out / "predictions").glob("core_labels*")] == ["core_labels"]
    with open_scan(out / "predictions" / "core_labels") as found:
        assert found.shape == sample.image.shape
        assert set(np.unique(found.read())) <= {0, 1, 255}
