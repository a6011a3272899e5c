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


def test_bands_of_flow_lie_around_that_of_the_labels(labels, tmp_path, capsys):
    chances = np.where(labels == 1, 0.8, 0.1).astype(np.float32)
    chances[:, 5, 6:10] = 0.4  # a row beside one straw, which may be pore
    chances[:, 14, 6:10] = 0.6  # a row of another one, which may be rock
    tifffile.imwrite(tmp_path / "core_pore_probability.tif", chances)
    options = {"transport": True, "cube": 24, "sizes": False, "voxel_size_um": 2.0}
    options |= {"probability": str(tmp_path / "core_pore_probability.tif"), "level_shift": 0.15}
    along = measured(labels, tmp_path, **options)["transport"]["axes"]["z"]
    low, high = along["band"]["formation_factor"]
    assert (low, along["formation_factor"], high) == pytest.approx((576 / 68, 576 / 64, 576 / 60), rel=1e-3)
    least, most = along["band"]["permeability_voxels2"]
    assert 0.8 * along["permeability_voxels2"] < least < along["permeability_voxels2"] < most
    assert along["band"]["permeability_millidarcy"][0] == pytest.approx(least * 4053, rel=1e-3)
    assert "; bands 8.47 to 9.6," in capsys.readouterr().out


@pytest.mark.parametrize(
    ("changed", "problem"),
    [
        ({"level_shift": None}, "takes --level_shift, or --plan and --audit_labels"),
        ({"level_shift": 0.6}, "A level moves by 0 to 0.5, got 0.6"),
        ({"level_shift": 0.1, "factor": 255}, "a probability is 0 to 1"),
        ({"level_shift": 0.1, "cut": 3}, "voxels, but the labels are"),
    ],
)
def test_what_is_no_probability_gives_no_band(labels, tmp_path, changed, problem):
    chances = np.full(labels.shape, 0.5, np.float32)[changed.get("cut", 0) :] * changed.get("factor", 1)
    tifffile.imwrite(tmp_path / "chances.tif", chances)
    options = {"transport": True, "cube": 8, "sizes": False, "level_shift": changed["level_shift"]}
    with pytest.raises(RuntimeError) as error:
        measured(labels, tmp_path, probability=str(tmp_path / "chances.tif"), **options)
    assert problem in str(find_scan_error(error.value))


def test_water_fills_a_share_of_the_pores(labels, tmp_path, capsys):
    labels[:, 6:10, 6:10][labels[:, 6:10, 6:10] == 1] = 2  # one straw of four
    result = measured(labels, tmp_path, pore_labels=[1, 2], water_labels=[2], sizes=False)
    assert result["water_saturation"] == 0.25
    assert "Water saturation: 25.00%" in capsys.readouterr().out
    with pytest.raises(RuntimeError) as error:
        measured(labels, tmp_path, pore_labels=[1], water_labels=[2])
    assert "--water_labels [2] are not among the classes of pore space" in str(find_scan_error(error.value))


def audited(folder, name, share):
    told = {"share": share, "half_width": 0.003, "confidence": 0.95}
    folder.mkdir(exist_ok=True)
    (folder / f"{name}_audit.json").write_text(json.dumps({"shares": {"pore space": told}}), encoding="utf-8")


def test_what_has_changed_since_and_how_far_that_is_known(labels, tmp_path):
    old = labels.copy()
    old[:, 6:10, 6:10][old[:, 6:10, 6:10] == 1] = 0  # a straw that was not there before
    (tmp_path / "before").mkdir()
    tifffile.imwrite(tmp_path / "before" / "dry_labels.tif", old)
    options = {"before": str(tmp_path / "before" / "dry_labels.tif"), "sizes": False}
    changes = measured(labels, tmp_path, **options)["changes"]["numbers"]
    assert changes["porosity"]["difference"] == pytest.approx(16 / 24**2)
    assert changes["connected z"]["after"] == pytest.approx(64 / 24**2)
    assert changes["porosity"]["half_width"] is None
    assert any("no audit lies beside dry_labels.tif, core_labels.tif" in one for one in notices())
    audited(tmp_path / "before", "dry", 0.08)
    audited(tmp_path, "core", 0.11)
    porosity = measured(labels, tmp_path, **options)["changes"]["numbers"]["porosity"]
    assert porosity["difference"] == pytest.approx(0.03)
    assert porosity["half_width"] == pytest.approx(0.003 * 2**0.5)
    assert "+0.03 ± 0.0042 (95 %)" in (tmp_path / "core_rock.html").read_text(encoding="utf-8")


def test_in_a_box_both_are_measured_in_it_and_audits_of_the_whole_say_nothing(labels, tmp_path):
    old = labels.copy()
    old[12:][old[12:] == 1] = 0  # nothing has changed in the upper half
    (tmp_path / "before").mkdir()
    tifffile.imwrite(tmp_path / "before" / "dry_labels.tif", old)
    for folder, name, share in ((tmp_path / "before", "dry", 0.08), (tmp_path, "core", 0.11)):
        audited(folder, name, share)
    options = {"before": str(tmp_path / "before" / "dry_labels.tif"), "sizes": False, "box": [0, 12, 0, 24, 0, 24]}
    porosity = measured(labels, tmp_path, **options)["changes"]["numbers"]["porosity"]
    assert (porosity["difference"], porosity["half_width"]) == (0, None)


def test_one_phase_only(tmp_path):
    """All pore: everything flows; no pore: nothing does, and neither is an error."""
    full = measured(np.ones((12, 12, 12), np.uint8), tmp_path, outside_value="none", transport=True, cube=12)
    assert full["transport"]["axes"]["z"]["formation_factor"] == pytest.approx(1, rel=1e-4)
    assert full["phases"]["pore space"]["mean_chord_voxels"]["z"] is None
    (tmp_path / "none").mkdir()
    none = measured(np.zeros((12, 12, 12), np.uint8), tmp_path / "none", outside_value="none", transport=True, cube=12)
    assert none["porosity"]["porosity"] == 0
    assert none["transport"]["axes"]["z"]["permeability_voxels2"] == 0
    assert any("holds no voxel of the pore class 1" in one for one in notices())


def test_holes_of_255_inside_are_outside_the_core(labels, tmp_path):
    labels[10:14, 6:10, 6:10] = 255
    result = measured(labels, tmp_path, sizes=False)
    assert result["porosity"]["porosity"] == pytest.approx((64 * 24 - 64) / (24**3 - 64))
    (tmp_path / "flow").mkdir()
    with pytest.raises(RuntimeError) as error:
        measured(labels, tmp_path / "flow", transport=True, cube=24)
    assert "No cube of 24 voxels lies wholly in the core" in str(find_scan_error(error.value))


def test_whole_numbers_stored_as_fractions_are_labels_and_fractions_are_not(labels, tmp_path):
    assert measured(labels.astype(np.float32), tmp_path, sizes=False)["porosity"]["porosity"] == pytest.approx(1 / 9)
    with pytest.raises(RuntimeError) as error:
        measured(labels.astype(np.float32) + np.float32(0.25), tmp_path)
    assert "core_labels.tif" in str(find_scan_error(error.value))
