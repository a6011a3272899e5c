"""Labels beside a scan: in any format, or slice by slice."""

import numpy as np
import pytest
import tifffile
from PIL import Image
from written_scans import saved

from synfine_monai.data import load_labelled_slices
from synfine_monai.data.labels_of_scan import label_files_of_slices
from synfine_monai.data.task_from_scan import task_of_scan
from synfine_monai.errors import ScanError

PORE = np.kron(np.random.default_rng(0).random((4, 8, 9)) > 0.7, np.ones((1, 8, 8), bool))
SCAN = (np.where(PORE, 50, 150) + np.random.default_rng(1).integers(0, 20, PORE.shape)).astype(np.uint8)
LABELS = np.where(np.arange(4)[:, None, None] % 2, np.where(PORE, 2, 1), 0).astype(np.uint8)
VOLUMES = ("labels.nii", "labels.nii.gz", "labels.ome.zarr", "labels.h5", "labels.nrrd")
PAIRS = [
    *(("scan.tif", name) for name in (*VOLUMES, "folder")),
    ("scan.zarr", "labels.zarr"),
    ("scan.zarr", "folder"),
    ("scan.zarr", "labels.nii"),
    ("slices", "labels.h5"),
    ("slices", "labels.zarr"),
]


@pytest.fixture
def slices(tmp_path):
    """A scan as TIFF slices, and an empty folder for labels."""
    (tmp_path / "scan").mkdir()
    for z, image in enumerate(SCAN):
        tifffile.imwrite(tmp_path / "scan" / f"core_{z:03d}.tif", image)
    (tmp_path / "labels").mkdir()
    return tmp_path / "scan", tmp_path / "labels"


def png(path, values, mode=None):
    Image.fromarray(values).convert(mode).save(path)


@pytest.mark.parametrize(("scan", "name"), PAIRS)
def test_labels_of_any_format_go_with_a_scan_of_any_other(tmp_path, scan, name):
    task = task_of_scan(saved(tmp_path / scan, SCAN, 6), saved(tmp_path / name, LABELS, 6), unlabelled_value=0)
    (test,), (training,) = load_labelled_slices(task, "test"), load_labelled_slices(task, "training")
    assert (training.z, test.z) == (1, 3)
    for one in (training, test):
        np.testing.assert_array_equal(one.label[one.fov], PORE[one.z][one.fov])


@pytest.mark.parametrize("name", VOLUMES)
def test_sizes_that_differ_are_one_clear_line(tmp_path, name):
    scan, labels = saved(tmp_path / "scan.tif", SCAN, 6), saved(tmp_path / name, LABELS[:, :, 1:], 6)
    with pytest.raises(ScanError, match=r"scan\.tif is \(4, 64, 72\) voxels .* are \(4, 64, 71\)\.$"):
        task_of_scan(scan, labels, unlabelled_value=0)


def test_png_slices_label_tiff_slices_of_their_name(slices):
    scan, labels = slices
    for z in (1, 3):
        png(labels / f"core_{z:03d}.png", LABELS[z])
    (labels / "._core_001.png").write_bytes(b"what macOS leaves")
    task = task_of_scan(scan, labels, unlabelled_value=0)
    assert [(i.image, i.name, i.slices) for i in (*task.training, *task.test)] == [
        (scan, "scan", (1,)),
        (scan, "scan", (3,)),
    ]
    (training,) = load_labelled_slices(task, "training")
    assert training.z == 1
    np.testing.assert_array_equal(training.label[training.fov], PORE[1][training.fov])


def test_colour_labels_are_one_clear_line(slices):
    png(slices[1] / "core_001.png", LABELS[1], "RGB")
    with pytest.raises(ScanError, match=r"core_001\.png is a colour image .* \(RGB\); save it as grey levels"):
        task_of_scan(*slices, unlabelled_value=0)


def test_palettes_that_number_colours_differently_are_refused(slices):
    for z, colours in ((1, [0, 0, 0, 255, 0, 0]), (2, [0, 0, 0, 255, 0, 0, 0, 0, 255]), (3, [0, 0, 0, 0, 0, 255])):
        image = Image.fromarray((LABELS[1] > 1).astype(np.uint8))
        image.putpalette(colours)
        image.save(slices[1] / f"core_{z:03d}.png")
    with pytest.raises(ScanError, match=r"core_003\.png and core_002\.png number their colours differently"):
        task_of_scan(*slices)
    (slices[1] / "core_003.png").unlink()
    assert task_of_scan(*slices).held_back


def test_label_files_that_are_not_there_or_belong_nowhere_are_said(slices):
    scan, labels = slices
    with pytest.raises(ScanError, match=r"as \.tif, \.tiff, \.png, but it is empty\.$"):
        label_files_of_slices(scan, labels)
    (labels / "core_001.bmp").touch()
    with pytest.raises(ScanError, match=r"but it holds \.bmp\.$"):
        label_files_of_slices(scan, labels)
    png(labels / "core_001.png", LABELS[1])
    assert label_files_of_slices(scan, labels) == {1: labels / "core_001.png"}
    tifffile.imwrite(labels / "core_001.tif", LABELS[1])
    with pytest.raises(ScanError, match=r"core_001\.png and core_001\.tif label the same slice"):
        label_files_of_slices(scan, labels)
    (labels / "core_001.tif").rename(labels / "core_009.tif")
    with pytest.raises(ScanError, match=r"core_009\.tif labels no slice: .* holds no core_009\.tif"):
        label_files_of_slices(scan, labels)


def test_label_files_follow_the_order_of_the_slices_and_not_that_of_their_names(tmp_path):
    for folder, numbers in (("scan", range(8, 12)), ("labels", (11, 9))):
        (tmp_path / folder).mkdir()
        for number in numbers:
            tifffile.imwrite(tmp_path / folder / f"core_{number}.tif", SCAN[0])
    files = label_files_of_slices(tmp_path / "scan", tmp_path / "labels")
    assert [(z, file.name) for z, file in files.items()] == [(1, "core_9.tif"), (3, "core_11.tif")]


def test_one_label_file_for_each_slice_may_have_names_of_its_own(slices):
    scan, labels = slices
    for z in range(4):
        tifffile.imwrite(labels / f"mask_{z + 1}.tif", LABELS[z])
    assert [file.name for file in label_files_of_slices(scan, labels).values()] == [
        "mask_1.tif",
        "mask_2.tif",
        "mask_3.tif",
        "mask_4.tif",
    ]
    (labels / "mask_4.tif").unlink()
    with pytest.raises(ScanError, match=r"mask_1\.tif labels no slice"):
        label_files_of_slices(scan, labels)


def test_a_few_slices_do_not_go_with_a_volume(slices, tmp_path):
    png(slices[1] / "core_001.png", LABELS[1])
    with pytest.raises(ScanError, match=r"labels holds 1 slice\(s\), but .*scan\.tif is one volume of 4"):
        task_of_scan(saved(tmp_path / "scan.tif", SCAN, 6), slices[1])
