"""A scan as a folder of slices with labels for some of them."""

import json
import pickle

import numpy as np
import pytest
import tifffile
from PIL import Image

from synfine_monai.data import (
    Item,
    labels_of_scan,
    load_datalist,
    load_labelled_slices,
    open_labels,
    scans_to_segment,
    specimen_statistics,
)
from synfine_monai.data.labels_of_scan import drawn_depths
from synfine_monai.data.task_from_scan import hold_back, labelled_depths, task_of_scan
from synfine_monai.errors import ScanError

DEPTH, DRAWN = 12, (2, 3, 7)
PORE = np.kron(np.random.default_rng(0).random((DEPTH, 8, 9)) > 0.7, np.ones((1, 8, 8), bool))
CLASSES = PORE.astype(np.uint8)


def grey(dark=50, bright=150):
    """Labelled slices as usual, all others brighter by 40: what only statistics of the whole folder can know."""
    scan = np.where(PORE, dark, bright).astype(np.uint8)
    scan[[z for z in range(DEPTH) if z not in DRAWN]] += 40
    return scan


@pytest.fixture
def item(tmp_path):
    for folder, volume, depths in (("scan", grey(), range(DEPTH)), ("labels", CLASSES, DRAWN)):
        (tmp_path / folder).mkdir()
        for z in depths:
            tifffile.imwrite(tmp_path / folder / f"core_{z:03d}.tif", volume[z])
    tifffile.imwrite(tmp_path / "fov.tif", np.ones(PORE.shape[1:], np.uint8))
    return Item(tmp_path / "scan", tmp_path / "labels", tmp_path / "fov.tif", "A", "scan")


def dataset(item, **changes):
    path = item.image.parent / "dataset.json"
    entry = {"image": "scan", "label": "labels", "fov": "fov.tif", "specimen": "A"}
    content = {"labels": {"0": "solid", "1": "pore"}, "phases": {"0": "matrix", "1": "pore"}, "training": [entry]}
    path.write_text(json.dumps({**content, **changes}))
    return load_datalist(path)


def test_slices_without_a_label_file_are_not_labelled(item):
    expected = np.full(PORE.shape, 255, np.uint8)
    expected[list(DRAWN)] = CLASSES[list(DRAWN)]
    with open_labels(item) as labels:
        assert (labels.shape, labels.dtype) == (PORE.shape, np.uint8)
        np.testing.assert_array_equal(labels.read(), expected)
        np.testing.assert_array_equal(pickle.loads(pickle.dumps(labels)).read(3, 5), expected[3:5])


def test_only_files_of_the_slices_that_are_asked_for_are_read(item, monkeypatch):
    labels, opened = open_labels(item), []
    monkeypatch.setattr(
        labels_of_scan, "open_scan", lambda path, real=labels_of_scan.open_scan: opened.append(path.name) or real(path)
    )
    labels.read(3, 7)
    assert opened == ["core_003.tif"]
    assert drawn_depths(labels) == DRAWN


def test_values_that_need_more_bits_are_kept(item):
    tifffile.imwrite(item.label / "core_007.tif", np.where(PORE[7], 300, 0).astype(np.uint16))
    assert open_labels(item).read(7, 8).max() == 300
    with pytest.raises(ScanError, match=r"core_007\.tif must hold classes 0 to 255, but .* to 300\.$"):
        task_of_scan(item.image, item.label, fov=item.fov)  # without noise no core is found


def test_labelled_depths_are_those_of_label_files_that_hold_a_label(item):
    tifffile.imwrite(item.label / "core_005.tif", np.full(PORE.shape[1:], 255, np.uint8))
    assert labelled_depths(item, (255,)) == list(DRAWN)


@pytest.mark.parametrize("from_json", [True, False])
def test_unlabelled_slices_count_in_statistics(item, from_json):
    task = dataset(item) if from_json else task_of_scan(item.image, item.label, fov=item.fov)
    whole = specimen_statistics(task, task.training[0].specimen)
    assert whole.center == pytest.approx(grey().mean(), abs=0.01)
    assert whole.scale == pytest.approx(grey().std(), abs=0.01)
    assert grey()[list(DRAWN)].mean() < whole.center - 25


@pytest.mark.parametrize("from_json", [True, False])
def test_the_folder_is_one_scan_whose_third_label_is_held_back(item, from_json):
    task = hold_back(dataset(item)) if from_json else task_of_scan(item.image, item.label, fov=item.fov)
    assert scans_to_segment(task) == [str(item.image)]
    found = {split: load_labelled_slices(task, split) for split in ("training", "test")}
    assert {split: [s.z for s in slices] for split, slices in found.items()} == {"training": [2, 3], "test": [7]}
    assert {s.item for slices in found.values() for s in slices} == {"scan"}
    np.testing.assert_array_equal(found["test"][0].label, CLASSES[7])


def test_png_and_tiff_labels_of_one_scan_go_together(item):
    (item.label / "core_003.tif").unlink()
    Image.fromarray(CLASSES[3]).save(item.label / "core_003.png")
    np.testing.assert_array_equal(open_labels(item).read(2, 4), CLASSES[2:4])


def test_an_unlike_value_for_no_label_leaves_255_unlabelled(item):
    task = dataset(item, ignore_label=9)
    assert task.ignored_values == (9, 255)
    assert [s.z for s in load_labelled_slices(task, "training")] == list(DRAWN)


@pytest.mark.parametrize(
    ("values", "says"), [(CLASSES[3, :, 1:], "64×71 voxels"), (CLASSES[:3], "3 pages of 64×72 voxels")]
)
def test_a_label_file_of_another_size_is_one_clear_line(item, values, says):
    tifffile.imwrite(item.label / "core_003.tif", values, photometric="minisblack")
    with pytest.raises(ScanError, match=rf"labels.core_003\.tif is {says} \(y, x\), but .*core_003\.tif is 64×72\.$"):
        open_labels(item)


def test_an_unknown_name_and_an_unknown_class_name_the_file(item):
    tifffile.imwrite(item.label / "core_007.tif", CLASSES[7] * 5)
    with pytest.raises(ScanError, match=r"core_007\.tif holds the class 5"):
        load_labelled_slices(dataset(item), "training")
    (item.label / "core_007.tif").rename(item.label / "core_012.tif")
    with pytest.raises(ScanError, match=r"core_012\.tif labels no slice"):
        load_labelled_slices(dataset(item), "training")


def test_all_slices_of_a_volume_may_be_a_folder(item, tmp_path):
    tifffile.imwrite(tmp_path / "volume.tif", grey(), photometric="minisblack")
    volume = Item(tmp_path / "volume.tif", item.label, None, "A", "volume")
    with pytest.raises(ScanError, match=r"labels holds 3 slice\(s\), but .*volume\.tif is one volume of 12"):
        open_labels(volume)
    for z in range(DEPTH):
        tifffile.imwrite(item.label / f"core_{z:03d}.tif", CLASSES[z])
    np.testing.assert_array_equal(open_labels(volume).read(), CLASSES)
