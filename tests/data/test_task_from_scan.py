import json

import numpy as np
import pytest
import tifffile

from synfine_monai.data import load_labelled_slices, load_task, load_unlabelled_task, scans_to_segment
from synfine_monai.data.task_from_scan import task_of_scan
from synfine_monai.errors import ScanError

RNG = np.random.default_rng(0)


def pores(depth=6, side=96):
    field = RNG.normal(size=(depth, side, side))
    return np.kron(field[:, : side // 8, : side // 8] > 0.8, np.ones((1, 8, 8), bool))


@pytest.fixture
def files(tmp_path):
    pore = pores()
    scan = np.where(pore, 50, 150).astype(np.uint8) + RNG.integers(0, 20, pore.shape).astype(np.uint8)
    labels = np.zeros(pore.shape, np.uint8)
    for z in (0, 2, 4, 5):
        labels[z] = np.where(pore[z], 2, 1)
    tifffile.imwrite(tmp_path / "scan.tif", scan)
    tifffile.imwrite(tmp_path / "labels.tif", labels)
    return tmp_path / "scan.tif", tmp_path / "labels.tif"


def test_classes_are_guessed_from_grey_levels_and_zero_is_no_label(files, capsys):
    task = task_of_scan(*files, unlabelled_value=0)
    assert task.labels == ("matrix", "pore")
    assert task.mapping == {1: 0, 2: 1}
    assert task.pore_labels == (1,)
    assert "guessed" in capsys.readouterr().out


def test_every_third_labelled_slice_is_held_back_for_the_report(files):
    task = task_of_scan(*files, unlabelled_value=0)
    assert task.held_back
    assert [item.slices for item in task.training] == [(0, 2, 5)]
    assert [item.slices for item in task.test] == [(4,)]
    assert [s.z for s in load_labelled_slices(task, "test")] == [4]
    assert [s.z for s in load_labelled_slices(task, "training")] == [0, 2, 5]


def test_a_folder_of_labelled_slices_is_matched_by_name(files, tmp_path):
    for kind in ("scan", "labels"):
        (tmp_path / kind).mkdir()
        for z, page in enumerate(tifffile.imread(tmp_path / f"{kind}.tif")):
            if kind == "scan" or z in (2, 4):
                tifffile.imwrite(tmp_path / kind / f"core_{z:03d}.tif", page)
    task = task_of_scan(tmp_path / "scan", tmp_path / "labels", unlabelled_value=0)
    assert [(i.name, i.slices) for i in (*task.training, *task.test)] == [("scan", (2,)), ("scan", (4,))]
    assert scans_to_segment(task) == [str(tmp_path / "scan")]


def test_phases_can_be_said(files):
    task = task_of_scan(*files, unlabelled_value=0, phases="dense,water")
    assert task.phases == (("dense",), ("water",))
    with pytest.raises(ScanError, match="names 3"):
        task_of_scan(*files, unlabelled_value=0, phases="dense,water,pore")


def test_labels_of_one_class_are_refused(files, tmp_path):
    tifffile.imwrite(tmp_path / "one.tif", np.ones((6, 96, 96), np.uint8))
    with pytest.raises(ScanError, match="at least two are needed"):
        task_of_scan(files[0], tmp_path / "one.tif")


def test_shapes_must_agree(files, tmp_path):
    tifffile.imwrite(tmp_path / "small.tif", np.ones((6, 96, 90), np.uint8))
    with pytest.raises(ScanError, match="but its labels"):
        task_of_scan(files[0], tmp_path / "small.tif")


def test_options_that_contradict_each_other_are_refused(files):
    with pytest.raises(ScanError, match="not both"):
        load_task(datalist="a.json", scan=str(files[0]))
    with pytest.raises(ScanError, match="go together"):
        load_task(scan=str(files[0]))
    with pytest.raises(ScanError, match="True or False"):
        load_task(scan=str(files[0]), labels=str(files[1]), binary="true")


def test_voxel_size_can_be_said_and_scans_are_listed_once(files):
    task = load_task(scan=str(files[0]), labels=str(files[1]), unlabelled_value=0, voxel_size_um=2.5)
    assert task.voxel_size_um == (2.5, 2.5, 2.5)
    assert scans_to_segment(task) == [str(files[0].resolve())]


def test_a_scan_alone_is_a_task_with_all_phases(tmp_path):
    task = load_unlabelled_task(scan=str(tmp_path / "core.nii.gz"), fov=str(tmp_path / "mask.tif"))
    assert (task.name, task.rock, task.num_classes) == ("core", "sandstone", 5)
    assert [item.image for item in task.unlabelled] == [tmp_path / "core.nii.gz"]
    assert task.unlabelled[0].fov == tmp_path / "mask.tif"


def test_a_datalist_keeps_its_classes_and_takes_another_rock(tmp_path):
    path = tmp_path / "dataset.json"
    content = {"labels": {"0": "solid", "1": "pore"}, "phases": {"0": "matrix", "1": "pore"}, "rock": "concrete"}
    path.write_text(json.dumps({**content, "unlabelled": [{"image": "core.tif"}]}))
    assert load_unlabelled_task(str(path)).rock == "concrete"
    assert load_unlabelled_task(str(path), rock="carbonate").rock == "carbonate"
    assert load_unlabelled_task(str(path)).labels == ("solid", "pore")


def test_exactly_one_source_is_asked_for(tmp_path):
    for options in ({}, {"datalist": "dataset.json", "scan": "core.tif"}):
        with pytest.raises(ScanError, match="either --datalist, or --scan"):
            load_unlabelled_task(**options)


def test_labels_are_read_and_told_once_until_they_change(files, capsys):
    first, again = (load_task(scan=files[0], labels=files[1], unlabelled_value=0) for _ in range(2))
    assert first == again
    assert capsys.readouterr().out.count("Classes:") == 1
    once, twice = (load_labelled_slices(first, "training") for _ in range(2))
    assert once is not twice
    assert [a.image is b.image for a, b in zip(once, twice, strict=True)] == [True] * len(once)
    labels = tifffile.imread(files[1])
    labels[0] = 0
    tifffile.imwrite(files[1], labels)
    changed = load_task(scan=files[0], labels=files[1], unlabelled_value=0)
    assert 0 in first.training[0].slices
    assert 0 not in changed.training[0].slices
    assert [s.z for s in load_labelled_slices(changed, "training")] == list(changed.training[0].slices)


def test_the_matrix_is_what_fills_the_scan_and_not_what_was_painted_most(tmp_path):
    grey = np.full((4, 96, 96), 120, np.uint8)
    grey[:, :20], grey[:, 20:30], grey[:, 30:40] = 20, 80, 220
    grey += RNG.integers(0, 9, grey.shape, np.uint8)
    labels = np.zeros(grey.shape, np.uint8)
    for k, row, long in ((1, 10, 30), (2, 25, 40), (3, 60, 20), (4, 35, 60)):
        labels[1, row, :long] = k
    for name, volume in (("scan", grey), ("labels", labels)):
        tifffile.imwrite(tmp_path / f"{name}.tif", volume, photometric="minisblack")
    task = task_of_scan(tmp_path / "scan.tif", tmp_path / "labels.tif", unlabelled_value=0)
    assert task.labels == ("pore", "clay", "matrix", "dense")
