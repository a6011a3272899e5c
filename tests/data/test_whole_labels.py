"""Labels as other programs store them: rounded, with marks of their own, and volumes that are no labels."""

import nibabel
import numpy as np
import pytest
import tifffile
from labelled_rock import SCAN, TRUTH, areas, tiff

from synfine_monai.data import Item, as_whole_labels, load_labelled_slices, load_task, open_labels
from synfine_monai.errors import ScanError
from synfine_monai.report import measure_connected_porosity
from synfine_monai.scans import open_scan

LABELS = areas()
NOISE = np.random.default_rng(0).uniform(-0.02, 0.02, LABELS.shape)


def read(path):
    with open_labels(Item(path, path, None, "A", "A")) as labels:
        return labels.read()


@pytest.mark.parametrize(
    "stored", [LABELS * 0.9999, (LABELS + 1e-6).astype(np.float32), LABELS + NOISE, LABELS.astype(np.int64)], ids=str
)
def test_numbers_beside_whole_ones_are_these(tmp_path, stored):
    np.testing.assert_array_equal(read(tiff(tmp_path / "labels.tif", stored)), LABELS)


def test_nifti_that_scales_its_labels(tmp_path):
    image = nibabel.Nifti1Image((LABELS * 85).T, np.eye(4))
    image.header.set_slope_inter(1 / 85, 0)
    image.header.set_data_dtype(np.uint8)
    nibabel.save(nibabel.Nifti1Image(LABELS.T.astype(float), np.eye(4), image.header), tmp_path / "labels.nii")
    np.testing.assert_array_equal(read(tmp_path / "labels.nii"), LABELS)


@pytest.mark.parametrize(("mark", "dtype"), [(-1, np.int8), (-1, np.float32), (65_535, np.uint16), (65_535, np.int32),
                                             (2**32 - 1, np.uint32)])  # fmt: skip
def test_a_mark_is_not_labelled(tmp_path, mark, dtype):
    stored = np.where(LABELS == 0, mark, LABELS.astype(np.int64) - 1).astype(dtype)
    task = load_task(scan=str(tiff(tmp_path / "scan.tif", SCAN)), labels=str(tiff(tmp_path / "labels.tif", stored)))
    assert task.labels == ("matrix", "pore", "dense")
    for one in load_labelled_slices(task, "training"):
        drawn = LABELS[one.z] > 0
        assert (one.label[~drawn] == 255).all()
        np.testing.assert_array_equal(one.label[drawn & one.fov], TRUTH[one.z][drawn & one.fov])


def test_a_mark_beside_255_is_refused(tmp_path):
    stored = np.where(LABELS == 0, -1, np.where(LABELS == 1, 255, 0)).astype(np.int16)
    with pytest.raises(ScanError, match="holds both -1 and 255"):
        read(tiff(tmp_path / "labels.tif", stored))


def test_interpolated_labels_are_refused_with_a_place(tmp_path):
    stored = LABELS.astype(np.float32)
    stored[6, 20, 20] = 1.5
    with pytest.raises(ScanError, match=r"interpolated: it holds 1.5 in slice 6.*nearest neighbour"):
        read(tiff(tmp_path / "labels.tif", stored))


def test_porosity_of_rounded_labels(tmp_path):
    tifffile.imwrite(tmp_path / "labels.tif", TRUTH * 0.9999)
    with open_scan(tmp_path / "labels.tif") as labels:
        measured = measure_connected_porosity(labels, [1])
    assert measured.porosity == pytest.approx((TRUTH == 1).mean(), abs=1e-12)


def test_bytes_stay_as_they_are(tmp_path):
    with open_scan(tiff(tmp_path / "labels.tif", LABELS)) as labels:
        assert as_whole_labels(labels) is labels
