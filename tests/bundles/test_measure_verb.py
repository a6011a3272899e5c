"""The verb measure: from labels on disk to rock numbers, and what it refuses."""

import csv
import json

import numpy as np
import pytest
import tifffile
from tiny_core import CONFIGS

from synfine_monai.bundle import run_verb
from synfine_monai.bundle.plain_errors import find_scan_error
from synfine_monai.notices import notices

VERB = CONFIGS / "measure.yaml"


@pytest.fixture
def labels() -> np.ndarray:
    """Straws along z, 4×4 voxels of class 1 in class 0, and a frame outside the core."""
    volume = np.zeros((24, 28, 28), np.uint8)
    for y in (6, 14):
        for x in (6, 14):
            volume[:, y : y + 4, x : x + 4] = 1
    volume[:, :2] = volume[:, -2:] = volume[:, :, :2] = volume[:, :, -2:] = 255
    return volume


def measured(labels, folder, **options):
    tifffile.imwrite(folder / "core_labels.tif", labels)
    run_verb(VERB, labels=str(folder / "core_labels.tif"), output_dir=str(folder), **{"pore_labels": [1], **options})
    return json.loads((folder / "core_rock.json").read_text(encoding="utf-8"))


def test_numbers_of_straws(labels, tmp_path, capsys):
    result = measured(labels, tmp_path, voxel_size_um=2.0)
    pore = result["phases"]["pore space"]
    assert result["porosity"]["porosity"] == pytest.approx(64 / 24**2)
    assert result["porosity"]["connected"]["x"] == 0
    assert pore["mean_chord_um"] == {"z": None, "y": 8, "x": 8}
    crossings = 2 * 2 * 4 * 2 / (24 * 23)
    assert pore["specific_surface_by_axis"] == pytest.approx({"z": 0, "y": crossings, "x": crossings})
    assert result["phases"]["class 0"]["share"] == pytest.approx(1 - 64 / 24**2)
    with open(tmp_path / "core_rock_pore_space.csv", encoding="utf-8") as file:
        assert float(next(csv.DictReader(file))["s2_z"]) == pytest.approx(64 / 24**2)
    assert "Porosity: 11.11%" in capsys.readouterr().out
    page = (tmp_path / "core_rock.html").read_text(encoding="utf-8")
    assert "core_rock.png" in page
    assert (tmp_path / "core_rock.png").stat().st_size > 5000


def test_slabs_change_nothing(labels, tmp_path):
    labels[20:, 10, 10] = 2  # a class that shows late
    whole = measured(labels, tmp_path / "a" if (tmp_path / "a").mkdir() is None else tmp_path)
    (tmp_path / "b").mkdir()
    assert measured(labels, tmp_path / "b", slab_voxels=1000) == whole
    assert whole["phases"]["class 2"]["share"] == pytest.approx(4 / 24**3)


def test_flow_runs_along_the_straws_only_and_goes_on_where_it_stopped(labels, tmp_path, capsys):
    result = measured(labels, tmp_path, voxel_size_um=2.0, transport=True, cube=24, sizes=False)
    along = result["transport"]["axes"]
    assert along["z"]["formation_factor"] == pytest.approx(9, rel=1e-3)
    assert along["z"]["permeability_millidarcy"] == pytest.approx(along["z"]["permeability_voxels2"] * 4053, rel=1e-3)
    assert (along["x"]["permeability_voxels2"], along["x"]["formation_factor"]) == (0, None)
    assert "does not percolate along x: permeability 0" in capsys.readouterr().out
    stored = tmp_path / "core_rock_transport.json"
    content = json.loads(stored.read_text(encoding="utf-8"))
    for one in content["solved"].values():
        one["elliptic"] = one["stokes"] = 7.0  # as if it had been found before
    stored.write_text(json.dumps(content), encoding="utf-8")
    run_verb(VERB, labels=str(tmp_path / "core_labels.tif"), output_dir=str(tmp_path), pore_labels=[1],
             voxel_size_um=2.0, transport=True, cube=24, sizes=False)  # fmt: skip
    again = json.loads((tmp_path / "core_rock.json").read_text(encoding="utf-8"))
    assert again["transport"]["axes"]["z"]["permeability_voxels2"] == 7.0


def test_without_a_voxel_size_nothing_is_physical(labels, tmp_path):
    result = measured(labels, tmp_path, transport=True, cube=12, sizes=False)
    assert result["transport"]["axes"]["z"]["permeability_millidarcy"] is None
    assert not [name for name in result["phases"]["pore space"] if "um" in name]


def test_a_box_is_measured_alone(labels, tmp_path):
    result = measured(labels, tmp_path, box=[0, 10, 6, 10, 6, 10])
    assert result["porosity"]["porosity"] == 1


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"box": [0, 10, 0, 99, 0, 5]}, "--box takes six numbers within 24×28×28"),
        ({"transport": True, "cube": 12, "voxel_size_um": [4.0, 2.0, 2.0]}, "cubic voxels"),
        ({"transport": True, "box": [0, 24, 0, 24, 0, 24]}, "No cube of 24 voxels lies wholly in the core"),
    ],
)
def test_refuses_in_one_line(labels, tmp_path, options, problem):
    with pytest.raises(RuntimeError) as error:
        measured(labels, tmp_path, **options)
    assert problem in str(find_scan_error(error.value))


def test_a_scan_instead_of_labels_is_refused(tmp_path):
    with pytest.raises(RuntimeError) as error:
        measured(np.random.default_rng(0).integers(0, 60000, (8, 9, 10)).astype(np.uint16), tmp_path)
    assert "Is it the scan itself?" in str(find_scan_error(error.value))


def test_a_core_too_small_to_stand_for_its_rock_is_told(tmp_path, capsys):
    coarse = np.random.default_rng(0).random((4, 4, 4)) < 0.1
    measured(coarse.repeat(16, 0).repeat(16, 1).repeat(16, 2).astype(np.uint8), tmp_path, outside_value="none")
    assert any("smaller than a representative volume: 64³ voxels, but" in one for one in notices())
