from dataclasses import replace

import numpy as np
import pytest
import tifffile

from synfine_monai.data import Item, Task, load_labelled_slices, specimen_statistics
from synfine_monai.errors import ScanError
from synfine_monai.notices import gather_notices, notices


def disk(side=128, radius=56):
    y, x = np.mgrid[:side, :side] - (side - 1) / 2
    return np.hypot(y, x) < radius


@pytest.fixture
def task(tmp_path):
    rng = np.random.default_rng(0)
    items = []
    for n, brightness in enumerate((100, 120)):
        rock = rng.random((128, 128)) < 0.8
        image = np.where(disk(), np.where(rock, brightness, 30) + rng.integers(0, 9, rock.shape), 0).astype(np.uint8)
        label = np.where(disk(), rock, 255).astype(np.uint8)
        tifffile.imwrite(tmp_path / f"image{n}.tif", image)
        tifffile.imwrite(tmp_path / f"label{n}.tif", label)
        items.append(Item(tmp_path / f"image{n}.tif", tmp_path / f"label{n}.tif", None, "A", f"item{n}"))
    return Task(
        "core", "sandstone", ("pore", "rock"), (("pore",), ("matrix",)), (0,), {0: 0, 1: 1}, training=tuple(items)
    )


def test_statistics_are_those_of_the_whole_specimen(task):
    slices = load_labelled_slices(task, "training")
    inside = np.concatenate([s.image[s.fov] for s in slices])
    assert inside.mean() == pytest.approx(0, abs=0.02)
    assert inside.std() == pytest.approx(1, abs=0.02)
    assert slices[0].image[slices[0].fov].mean() < -0.05


def test_a_drift_through_single_slices_cannot_be_taken_out_and_that_is_said(task):
    gather_notices()
    load_labelled_slices(replace(task, flatten=True), "training")
    assert ["--flatten changes nothing in A" in sentence for sentence in notices()] == [True]


def test_labels_outside_the_field_of_view_do_not_count(task):
    for s in load_labelled_slices(task, "training"):
        assert set(np.unique(s.label)) == {0, 1, 255}
        assert (s.label[~s.fov] == 255).all()


def test_what_lies_outside_is_filled(task):
    s = load_labelled_slices(task, "training")[0]
    assert s.image[0, 0] > s.image[s.fov].min()


def test_unknown_classes_are_refused(task):
    with pytest.raises(ScanError, match="holds the class 1"):
        load_labelled_slices(replace(task, mapping={0: 0}), "training")


def test_only_unlabelled_voxels_are_refused(task, tmp_path):
    tifffile.imwrite(tmp_path / "label0.tif", np.full((128, 128), 255, np.uint8))
    with pytest.raises(ScanError, match="no labelled voxel"):
        load_labelled_slices(replace(task, training=task.training[:1]), "training")


def test_labels_of_one_scan_that_contradict_each_other_are_refused(task, tmp_path):
    first = task.training[0]
    label = tifffile.imread(first.label)
    other = np.full_like(label, 255)
    other[60:62, 50:60] = 1 - label[60:62, 50:60]
    tifffile.imwrite(tmp_path / "other.tif", other)
    again = replace(first, label=tmp_path / "other.tif", name="again")
    says = r"label0.tif and .*other.tif contradict each other on 20 voxels of slice 0 of image0.tif: at \(y, x\) = \(60"
    with pytest.raises(ScanError, match=says):
        load_labelled_slices(replace(task, training=(first, again)), "training")
    tifffile.imwrite(tmp_path / "other.tif", np.where(other == 255, 255, label))
    assert len(load_labelled_slices(replace(task, training=(first, again)), "training")) == 2


def test_statistics_do_not_need_labels(task):
    alone = replace(task, training=(replace(task.training[0], label=None),))
    assert specimen_statistics(alone, "A").scale > 0


def mask_of_255(path):
    tifffile.imwrite(path, np.where(tifffile.imread(path) == 1, 255, 0).astype(np.uint8))


def test_masks_of_0_and_255_are_refused(task):
    for item in task.training:
        mask_of_255(item.label)
    with pytest.raises(ScanError, match=r"core: its labels hold no class but 0, and 255 in the core.*save it as 1"):
        load_labelled_slices(task, "training")
    with pytest.raises(ScanError, match="no class but 0"):
        load_labelled_slices(replace(task, training=(), test=task.training), "test")


def test_a_scan_of_which_one_class_is_drawn_is_none_of_them(task):
    mask_of_255(task.training[0].label)
    drawn = replace(task, training=task.training[1:], test=task.training[:1])
    (one,) = load_labelled_slices(drawn, "test")
    assert set(np.unique(one.label)) == {0, 255}
