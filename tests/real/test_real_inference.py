"""The inference verb on the scans of ../shared/data: labels open in the scan's own format, with its voxel size."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest
import torch
from monai.bundle import ConfigWorkflow

from synfine_monai.networks import FORMAT_VERSION, RockUNet, architecture_of, save_model
from synfine_monai.scans import open_scan
from synfine_monai.survey import find_scan_field_of_view

pytestmark = pytest.mark.real

CONFIG = Path(__file__).resolve().parents[2] / "bundles" / "rock_ct_segmentation" / "configs" / "inference.yaml"


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    """A small network with random weights."""
    torch.manual_seed(0)
    network = RockUNet(num_classes=4, channels=(8, 12, 16))
    path = tmp_path_factory.mktemp("model") / "model.pt"
    save_model(
        network,
        {
            "format_version": FORMAT_VERSION,
            "architecture": architecture_of(network),
            "pore_labels": [0],
            "labels": ["pore", "clay", "quartz", "dense"],
            "normalisation": "median_mad",
            "phases": [["pore"], ["clay"], ["matrix"], ["dense"]],
        },
        path,
    )
    return path


@pytest.mark.parametrize(
    ("name", "options", "written", "shape", "voxel_size_um"),
    [
        ("berea/scan.tif", {}, "scan_labels.tif", (160, 200, 200), (6.0, 6.0, 6.0)),
        ("berea/scan.nii.gz", {}, "scan_labels.nii.gz", (160, 200, 200), (6.0, 6.0, 6.0)),
        ("unlabelled/mortar_slices", {}, "mortar_slices_labels", (12, 1011, 980), None),
        (
            "unlabelled/raw_100_100_200.raw",
            {"raw_dtype": "uint16"},
            "raw_100_100_200_labels_uint8.raw",
            (200, 100, 100),
            None,
        ),
        (
            "unlabelled/raw_100_100_200.raw",
            {"raw_dtype": "uint16", "voxel_size_um": 2.5},
            "raw_100_100_200_labels_uint8_2500nm.raw",
            (200, 100, 100),
            (2.5, 2.5, 2.5),
        ),
        ("unlabelled/carbonate_slice.tif", {}, "carbonate_slice_labels.tif", (1, 1008, 980), None),
    ],
)
def test_labels_are_like_the_scan(
    real_data, checkpoint, tmp_path, monkeypatch, name, options, written, shape, voxel_size_um
):
    monkeypatch.chdir(tmp_path)
    workflow = ConfigWorkflow(
        str(CONFIG),
        workflow_type="infer",
        scan=str(real_data / name),
        output_dir="out",
        checkpoint=str(checkpoint),
        **options,
    )
    workflow.initialize()
    workflow.run()
    with (
        open_scan(tmp_path / "out" / written) as labels,
        open_scan(real_data / name, raw_dtype=options.get("raw_dtype")) as scan,
    ):
        assert (labels.shape, labels.dtype, labels.info.format) == (shape, np.uint8, scan.info.format)
        assert labels.voxel_size_um == voxel_size_um
        volume, inside = labels.read(), find_scan_field_of_view(scan).slab(0, shape[0])
    assert set(np.unique(volume[inside])) <= {0, 1, 2, 3}
    assert (volume[~inside] == 255).all()
    (table,), (total,) = ((tmp_path / "out").glob(f"*_porosity.{kind}") for kind in ("csv", "json"))
    with open(table, encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == shape[0]
    assert (rows[-1]["depth_um"] == "") == (voxel_size_um is None)
    porosity = json.loads(total.read_text(encoding="utf-8"))["porosity"]
    assert porosity == pytest.approx((volume[inside] == 0).mean())
