import json

import pytest

from synfine_monai.data import class_of_phase, load_datalist, synthetic_task
from synfine_monai.errors import ScanError

THREE = {
    "name": "core",
    "voxel_size_um": None,
    "rock": "concrete",
    "labels": {"0": "solid", "1": "air", "2": "wet"},
    "phases": {"0": "matrix", "1": "pore", "2": "water"},
    "pore_labels": [1, 2],
    "training": [{"image": "a.tif", "label": "b.tif", "specimen": "A"}],
}


@pytest.fixture
def write(tmp_path):
    def write(**changes):
        path = tmp_path / "dataset.json"
        path.write_text(json.dumps({k: v for k, v in {**THREE, **changes}.items() if v != "drop"}))
        return path

    return write


def test_classes_phases_and_paths_are_read(write, tmp_path):
    task = load_datalist(write(voxel_size_um=[3, 2, 2]))
    assert task.labels == ("solid", "air", "wet")
    assert task.phases == (("matrix",), ("pore",), ("water",))
    assert task.voxel_size_um == (3.0, 2.0, 2.0)
    assert task.training[0].image == tmp_path / "a.tif"


def test_binary_merges_what_is_pore_space(write):
    task = load_datalist(write(), binary=True)
    assert task.labels == ("solid", "pore")
    assert task.phases == (("matrix",), ("pore", "water"))
    assert task.mapping == {0: 0, 1: 1, 2: 1}
    assert task.pore_labels == (1,)


def test_phases_that_a_task_does_not_name_fall_to_solid_or_pore(write):
    task = load_datalist(write(labels={"0": "pore", "1": "rock"}, phases={"0": "pore", "1": "matrix"}, pore_labels=[0]))
    assert class_of_phase(task) == {"matrix": 1, "pore": 0, "water": 0, "clay": 1, "dense": 1}


def test_the_synthetic_task_has_a_class_for_every_phase():
    assert sorted(class_of_phase(synthetic_task()).values()) == [0, 1, 2, 3, 4]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"labels": "drop"}, "has no 'labels'"),
        ({"labels": {"0": "a", "2": "b"}}, "must be 0 to 1"),
        ({"phases": {"0": "matrix", "1": "pore", "2": "oil"}}, "names the phase 'oil'"),
        ({"phases": {"0": "matrix"}}, "each class onto a phase"),
        ({"pore_labels": [7]}, "classes are 0 to 2"),
        ({"voxel_size_um": -1}, "one positive number of µm"),
        ({"training": [{"label": "b.tif"}]}, "'image' is a required"),
    ],
)
def test_a_datalist_that_contradicts_itself_is_refused(write, changes, words):
    with pytest.raises(ScanError, match=words):
        load_datalist(write(**changes))


def test_a_split_without_items_says_so(write):
    with pytest.raises(ScanError, match="no 'test' items"):
        load_datalist(write()).items("test")


def test_files_that_are_missing_or_no_json_are_refused(tmp_path):
    with pytest.raises(ScanError, match="cannot be read"):
        load_datalist(tmp_path / "nothing.json")
    (tmp_path / "bad.json").write_text("{")
    with pytest.raises(ScanError, match="is not JSON"):
        load_datalist(tmp_path / "bad.json")
