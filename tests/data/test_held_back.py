import json

import numpy as np
import pytest
import tifffile

from synfine_monai.data import load_datalist, load_labelled_slices, load_task
from synfine_monai.data.task_from_scan import hold_back
from synfine_monai.errors import ScanError

SHAPE = (8, 96, 96)
RNG = np.random.default_rng(0)
PORES = np.kron(RNG.random((8, 12, 12)) > 0.7, np.ones((1, 8, 8), bool))


def write(tmp_path, labels, fov=None):
    grey = np.where(PORES, 50, 150) + RNG.integers(0, 20, SHAPE)
    tifffile.imwrite(tmp_path / "scan.tif", grey.astype(np.uint8))
    tifffile.imwrite(tmp_path / "labels.tif", labels)
    given = {}
    if fov is not None:
        tifffile.imwrite(tmp_path / "fov.tif", fov.astype(np.uint8))
        given = {"fov": str(tmp_path / "fov.tif")}
    return load_task(scan=str(tmp_path / "scan.tif"), labels=str(tmp_path / "labels.tif"), unlabelled_value=0, **given)


def drawn(*strokes):
    """(class, slices) of a volume with these strokes."""
    labels = np.zeros(SHAPE, np.uint8)
    for k, *where in strokes:
        labels[tuple(where)] = k
    return labels


def used(task, split):
    """(z, class) -> voxels of a split."""
    return {
        (s.z, int(k)): int((s.label == k).sum())
        for s in load_labelled_slices(task, split)
        for k in np.unique(s.label[s.label != 255])
    }


def in_rows(k, z, count):
    return [(k, z, 4 + 8 * i, slice(10, 30)) for i in range(count)]


def test_every_third_stroke_of_a_class_is_held_back_from_one_slice(tmp_path):
    task = write(tmp_path, drawn(*in_rows(1, 3, 4), *[(2, 3, 4 + 8 * i, slice(50, 55)) for i in range(2)]))
    assert task.judged_by == "held-back strokes"
    assert used(task, "training") == {(3, 0): 60, (3, 1): 5}
    assert used(task, "test") == {(3, 0): 20, (3, 1): 5}


def test_strokes_of_an_xz_view_are_held_back_whole(tmp_path):
    strokes = [
        (k, slice(1, 7), 10 + 20 * i, slice(10 + 40 * (k - 1), 13 + 40 * (k - 1))) for k in (1, 2) for i in (0, 1)
    ]
    task = write(tmp_path, drawn(*strokes))
    for split in ("training", "test"):
        assert used(task, split) == {(z, k): 3 for z in range(1, 7) for k in (0, 1)}
    whole = [s.label != 255 for split in ("training", "test") for s in load_labelled_slices(task, split) if s.z == 4]
    assert not (whole[0] & whole[1]).any()


def test_a_class_with_one_stroke_keeps_it(tmp_path):
    task = write(tmp_path, drawn(*in_rows(1, 2, 3), (2, 5, 50, slice(10, 20))))
    assert used(task, "training") == {(2, 0): 40, (5, 1): 10}
    assert used(task, "test") == {(2, 0): 20}


def test_one_stroke_a_class_is_judged_by_itself_and_says_so(tmp_path):
    task = write(tmp_path, drawn(*in_rows(1, 2, 1), (2, 5, 50, 10)))
    assert task.judged_by == "training"
    assert not task.held_back
    assert used(task, "training") == used(task, "test") == {(2, 0): 20, (5, 1): 1}


def test_an_area_on_one_slice_is_held_back_by_its_lowest_rows(tmp_path):
    labels = np.zeros(SHAPE, np.uint8)
    labels[4] = 1 + PORES[4]
    task = write(tmp_path, labels)
    assert task.judged_by == "held-back rows"
    kept, held = (load_labelled_slices(task, split)[0].label != 255 for split in ("training", "test"))
    assert kept[:64].all()
    assert held[64:].all()
    assert not (kept & held).any()


def test_areas_on_slices_are_held_back_by_slices(tmp_path):
    labels = np.zeros(SHAPE, np.uint8)
    labels[[1, 3, 5]] = 1 + PORES[[1, 3, 5]]
    task = write(tmp_path, labels)
    assert task.judged_by == "held-back slices"
    assert [item.slices for item in task.test] == [(5,)]


def test_strokes_of_a_datalist_are_counted_over_its_scans(tmp_path):
    write(tmp_path, drawn(*in_rows(1, 2, 1), (2, 5, 50, slice(3, 9))))
    content = {"labels": {"0": "none", "1": "solid", "2": "pore"}, "phases": {"0": "clay", "1": "matrix", "2": "pore"}}
    labels = np.where(tifffile.imread(tmp_path / "labels.tif") == 0, 255, tifffile.imread(tmp_path / "labels.tif"))
    tifffile.imwrite(tmp_path / "labels.tif", labels)
    item = {"image": "scan.tif", "label": "labels.tif"}
    (tmp_path / "d.json").write_text(json.dumps({**content, "training": [item, {**item, "name": "again"}]}))
    task = hold_back(load_datalist(tmp_path / "d.json"))
    assert [item.name for item in task.training] == ["scan.tif"]
    assert [item.name for item in task.test] == ["again"]


def test_strokes_outside_the_field_of_view_are_refused_in_one_line(tmp_path):
    fov = np.zeros(SHAPE, bool)
    fov[:, :, 60:] = True
    with pytest.raises(ScanError, match=r"no voxel inside the field of view.*--fov"):
        write(tmp_path, drawn(*in_rows(1, 3, 3), *[(2, 4, 4 + 8 * i, slice(10, 20)) for i in range(3)]), fov)
