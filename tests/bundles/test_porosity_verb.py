"""The verb porosity: from labels on disk to connected and isolated porosity, and what it refuses."""

import csv
import json
from pathlib import Path

import nibabel
import numpy as np
import pytest
from tiny_core import CONFIGS, write_tiff

from synfine_monai.bundle import run_verb
from synfine_monai.bundle.plain_errors import find_scan_error
from synfine_monai.notices import notices

VERB = CONFIGS / "porosity.yaml"
SHAPE = (12, 10, 11)


@pytest.fixture
def labels() -> np.ndarray:
    """A straw of class 1 along z that continues as class 2, a bubble of 8 voxels, and a frame outside the core."""
    volume = np.zeros(SHAPE, np.uint8)
    volume[:6, 4, 4], volume[6:, 4, 4] = 1, 2
    volume[5:7, 6:8, 6:8] = 1
    volume[:, 0] = volume[:, -1] = volume[:, :, 0] = volume[:, :, -1] = 255
    return volume


def measured(folder: Path, name: str = "core") -> dict:
    return json.loads((folder / f"{name}_connected_porosity.json").read_text(encoding="utf-8"))


def test_labels_and_the_porosity_beside_them_are_enough(labels, tmp_path, capsys):
    """As ``inference`` leaves them: NAME_labels, and NAME_porosity.json, which says what pore space is."""
    write_tiff(tmp_path / "core_labels.tif", labels)
    (tmp_path / "core_porosity.json").write_text('{"pore_labels": [1, 2]}', encoding="utf-8")
    run_verb(
        VERB, labels=str(tmp_path / "core_labels.tif"), output_dir=str(tmp_path), voxel_size_um=2.0, slab_voxels=300
    )
    result, voxels = measured(tmp_path), 12 * 8 * 9
    assert result["porosity"] == pytest.approx(20 / voxels)
    assert result["connected"] == pytest.approx({"z": 12 / voxels, "y": 0, "x": 0})
    assert (result["isolated"], result["open"]) == pytest.approx((8 / voxels, 12 / voxels))
    assert (result["clusters"], result["largest_cluster_share"], result["largest_cluster_um3"]) == (2, 0.6, 96)
    with open(tmp_path / "core_connected_porosity.csv", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [row["depth_um"] for row in rows[:2]] == ["0", "2"]
    assert float(rows[5]["isolated"]) == pytest.approx(4 / 72, abs=1e-6)
    assert (tmp_path / "core_connected_porosity.png").stat().st_size > 1000
    assert "isolated 0.93%" in capsys.readouterr().out
    assert json.loads((tmp_path / "core_porosity.json").read_text(encoding="utf-8")) == {"pore_labels": [1, 2]}


def test_labels_of_other_programs_and_a_mask_of_one_slice(labels, tmp_path):
    """float32 NIfTI without 255, as ITK-SNAP stores it; the mask says what the core is."""
    foreign = np.where(labels == 255, 1, labels).astype(np.float32)
    nibabel.save(nibabel.Nifti1Image(foreign.transpose(2, 1, 0), np.eye(4)), tmp_path / "other.nii.gz")
    write_tiff(tmp_path / "mask.tif", (labels[:1] != 255).astype(np.uint8))
    options = {"labels": str(tmp_path / "other.nii.gz"), "pore_labels": [2, 1], "output_dir": str(tmp_path / "out")}
    run_verb(VERB, **options, fov=str(tmp_path / "mask.tif"))
    result = measured(tmp_path / "out", "other")
    assert (result["pore_voxels"], result["voxels"], result["pore_labels"]) == (20, 12 * 8 * 9, [1, 2])
    assert result["isolated"] == pytest.approx(8 / result["voxels"])


def test_a_core_without_voxels_is_said(labels, tmp_path, capsys):
    write_tiff(tmp_path / "core.tif", np.full_like(labels, 255))
    run_verb(VERB, labels=str(tmp_path / "core.tif"), pore_labels=1, output_dir=str(tmp_path))
    assert "no voxel is in the core" in capsys.readouterr().out
    assert measured(tmp_path)["connected"] == {"z": None, "y": None, "x": None}


def refused(**options: object) -> str:
    try:
        run_verb(VERB, **options)
    except Exception as error:  # MONAI wraps it
        return str(find_scan_error(error))
    raise AssertionError("the verb ran")


def test_bad_input_gets_one_clear_line(labels, tmp_path):
    core, slice_, grey = (str(tmp_path / f"{name}.tif") for name in ("core", "slice", "grey"))
    write_tiff(Path(core), labels)
    write_tiff(Path(slice_), labels[:1])
    write_tiff(Path(grey), labels.astype(np.uint16) * 100)
    folder = str(tmp_path / "out")
    assert "--labels is missing" in refused(output_dir=folder)
    assert "no core_porosity.json beside core.tif" in refused(labels=core, output_dir=folder)
    assert "whole numbers from 0 to 255, got [256]" in refused(labels=core, pore_labels=[256], output_dir=folder)
    assert "got [0.5]" in refused(labels=core, pore_labels=[0.5], output_dir=folder)
    assert "6, 18 or 26, got 4" in refused(labels=core, pore_labels=1, connectivity=4, output_dir=folder)
    assert "is a single slice" in refused(labels=slice_, pore_labels=1, output_dir=folder)
    assert "Is it the scan itself?" in refused(labels=grey, pore_labels=1, output_dir=folder)


MASK = np.zeros(SHAPE, np.uint8)
MASK[:, ::2, ::4], MASK[:, 1::4, 1::2] = 1, 2
"""Straws: 1 in 15 of 110 voxels of a slice, 2 in 15 others."""


@pytest.mark.parametrize("values", [(255, 0), (0, 255), (128, 0, 255), (0, 127, 255)])
def test_masks_of_8_bits_are_measured_whole(values, tmp_path, capsys):
    straws = np.minimum(MASK, len(values) - 1)
    write_tiff(tmp_path / "mask.tif", np.array(values, np.uint8)[straws])
    run_verb(VERB, labels=str(tmp_path / "mask.tif"), pore_labels=[values[1]], output_dir=str(tmp_path))
    result = measured(tmp_path, "mask")
    assert result["porosity"] == pytest.approx((straws == 1).mean())
    assert (result["pore_labels"], result["voxels"]) == ([values[1]], MASK.size)


def test_what_is_outside_can_be_said(labels, tmp_path):
    write_tiff(tmp_path / "core.tif", np.where(labels == 255, 7, labels).astype(np.uint8))
    options = {"labels": str(tmp_path / "core.tif"), "pore_labels": [1, 2], "output_dir": str(tmp_path)}
    run_verb(VERB, **options, outside_value=7)
    assert measured(tmp_path)["porosity"] == pytest.approx(20 / (12 * 8 * 9))
    run_verb(VERB, **options, outside_value="none")
    assert measured(tmp_path)["voxels"] == labels.size
    assert "cannot be both pore and outside" in refused(**options, outside_value=1)


def test_a_pore_class_that_does_not_occur_is_told(labels, tmp_path):
    write_tiff(tmp_path / "core.tif", labels)
    run_verb(VERB, labels=str(tmp_path / "core.tif"), pore_labels=[5], output_dir=str(tmp_path))
    assert "core.tif holds no voxel of the pore class 5: its values are 0, 1, 2, 255." in notices()
