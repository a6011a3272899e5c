import json

import numpy as np
import pytest
import tifffile
from shiftable_task import make_task

from synfine_monai.data import load_datalist
from synfine_monai.errors import ScanError
from synfine_monai.experiments import shifts
from synfine_monai.experiments.shifts import dilate_pores, shifted_datalist

NOISE = {"corruption": "photon_noise", "severity": 3}


@pytest.fixture(scope="module")
def task(tmp_path_factory):
    return make_task(tmp_path_factory.mktemp("task"))


def read(datalist, split, kind, number=0):
    return tifffile.imread(datalist.parent / f"{split}_{number}_{kind}.tif")


def test_a_pore_voxel_grows_to_a_cross():
    label = np.zeros((1, 5, 5), np.uint8)
    label[0, 2, 2] = 1
    grown = dilate_pores(label, (1,), 1)
    assert grown[0].tolist() == [[0, 0, 0, 0, 0], [0, 0, 1, 0, 0], [0, 1, 1, 1, 0], [0, 0, 1, 0, 0], [0, 0, 0, 0, 0]]
    assert dilate_pores(label, (1,), 2).sum() == 13  # a diamond
    assert grown.dtype == np.uint8


def test_pores_grow_in_the_plane_only():
    label = np.zeros((3, 5, 5), np.uint8)
    label[1, 2, 2] = 1
    assert dilate_pores(label, (1,), 1).sum(axis=(1, 2)).tolist() == [0, 5, 0]


def test_what_is_not_labelled_stays_so():
    label = np.array([[[1, 255, 0, 0]]], np.uint8)
    assert dilate_pores(label, (1,), 1).tolist() == [[[1, 255, 0, 0]]]
    assert dilate_pores(np.array([[[1, 7, 0]]], np.uint8), (1,), 1, ignored=7).tolist() == [[[1, 7, 0]]]


def test_pore_classes_keep_their_voxels_and_eat_only_solids():
    label = np.array([[[0, 1, 2, 0, 3]]], np.uint8)
    assert dilate_pores(label, (1, 2), 1).tolist() == [[[1, 1, 2, 2, 3]]]


def test_class_zero_may_be_the_pores():
    label = np.array([[[0, 1, 1]]], np.uint8)
    assert dilate_pores(label, (0,), 1).tolist() == [[[0, 0, 1]]]


def test_no_growth_and_no_pores_change_nothing():
    label = np.array([[[0, 1, 2, 255]]], np.uint8)
    assert (dilate_pores(label, (1,), 0) == label).all()
    assert (dilate_pores(label, (), 3) == label).all()


def test_a_corruption_changes_grey_levels_of_the_core_only(task, tmp_path):
    shifted = shifted_datalist(task.datalist, NOISE, tmp_path)
    image = read(shifted, "training", "image")
    assert (image[~task.fov] == task.image[~task.fov]).all()
    assert (image[task.fov] != task.image[task.fov]).mean() > 0.99
    assert (read(shifted, "training", "label") == task.label).all()
    assert (read(shifted, "training", "fov") == task.fov).all()


def test_every_item_has_noise_of_its_own_and_it_repeats(task, tmp_path):
    first, again = (shifted_datalist(task.datalist, NOISE, tmp_path / name) for name in ("first", "again"))
    assert (read(first, "training", "image") == read(again, "training", "image")).all()
    assert (read(first, "training", "image") != read(first, "test", "image")).any()


def test_another_labeller_draws_on_the_same_scan(task, tmp_path):
    shifted = shifted_datalist(task.datalist, {"dilate": 1}, tmp_path)
    label = read(shifted, "test", "label")
    assert (read(shifted, "test", "image") == task.image).all()
    assert (label == dilate_pores(task.label, (1,), 1)).all()
    assert (label == 1).sum() > (task.label == 1).sum()
    assert ((label == 255) == (task.label == 255)).all()


def test_other_shapes_keep_every_nth_row_of_image_label_and_core(task, tmp_path):
    shifted = shifted_datalist(task.datalist, {"every_row": 2}, tmp_path)
    for kind, whole in (("image", task.image), ("label", task.label), ("fov", task.fov)):
        assert (read(shifted, "training", kind) == whole[:, ::2]).all()
    assert load_datalist(shifted).voxel_size_um == (2.0, 6.0, 4.0)


def test_the_copy_is_a_task_of_the_labelled_items(task, tmp_path):
    shifted = load_datalist(shifted_datalist(task.datalist, NOISE, tmp_path))
    whole = load_datalist(task.datalist)
    assert (shifted.labels, shifted.phases, shifted.pore_labels) == (whole.labels, whole.phases, whole.pore_labels)
    assert shifted.voxel_size_um == whole.voxel_size_um
    assert [len(items) for items in (shifted.training, shifted.validation, shifted.test)] == [1, 0, 1]
    assert all(path.is_file() for i in shifted.training for path in (i.image, i.label, i.fov))
    assert {item.specimen for item in (*shifted.training, *shifted.test)} == {"core"}


def test_copies_are_written_once_and_a_stopped_copy_again(task, tmp_path, monkeypatch):
    written = []
    whole = shifts._write
    monkeypatch.setattr(shifts, "_write", lambda *given: written.append(given[-1]) or whole(*given))
    shifted = shifted_datalist(task.datalist, {"dilate": 1}, tmp_path)
    assert shifted_datalist(task.datalist, {"dilate": 1}, tmp_path) == shifted
    assert written == ["training_0", "test_0"]
    shifted.unlink()
    assert shifted_datalist(task.datalist, {"dilate": 1}, tmp_path).is_file()
    assert len(written) == 4


def test_shifts_do_not_share_a_folder(task, tmp_path):
    given = ({"dilate": 1}, {"dilate": 2}, {"every_row": 2}, NOISE, {**NOISE, "severity": 4})
    assert len({shifted_datalist(task.datalist, shift, tmp_path) for shift in given}) == len(given)


def test_a_task_without_a_voxel_size_stays_without(task, tmp_path):
    content = {**json.loads(task.datalist.read_text()), "voxel_size_um": None}
    unknown = task.datalist.with_name("unknown.json")
    unknown.write_text(json.dumps(content))
    assert load_datalist(shifted_datalist(unknown, {"every_row": 2}, tmp_path)).voxel_size_um is None


@pytest.mark.parametrize("shift", [{}, {"rotate": 90}, {"dilate": 1, "every_row": 2}])
def test_refuses_what_is_no_shift(task, tmp_path, shift):
    with pytest.raises(ScanError, match="a shift is one of corruption, dilate, every_row"):
        shifted_datalist(task.datalist, shift, tmp_path)


def test_refuses_an_unknown_corruption(task, tmp_path):
    with pytest.raises(ScanError, match="did you mean 'rings'"):
        shifted_datalist(task.datalist, {"corruption": "ring", "severity": 3}, tmp_path)
