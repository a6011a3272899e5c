"""The scans of ../shared/data go in and out, and long ones need no more memory than short ones."""

import json
import sys

import numpy as np
import pytest
import tifffile
from written_scans import peak_of_labelling, saved

from synfine_monai.errors import ScanError
from synfine_monai.scans import create_scan, labels_path, open_scan

pytestmark = pytest.mark.real


def test_berea_is_the_same_in_both_formats(real_data):
    with open_scan(real_data / "berea" / "scan.tif") as tiff, open_scan(real_data / "berea" / "scan.nii.gz") as nifti:
        assert tiff.shape == nifti.shape == (160, 200, 200)
        assert tiff.dtype == nifti.dtype == np.uint16
        assert tiff.voxel_size_um == nifti.voxel_size_um == (6.0, 6.0, 6.0)
        for start in range(0, 160, 40):
            np.testing.assert_array_equal(tiff.read(start, start + 40), nifti.read(start, start + 40))


@pytest.mark.parametrize(
    ("name", "options", "shape", "dtype"),
    [
        ("berea/scan.tif", {}, (160, 200, 200), "uint16"),
        ("berea/scan.nii.gz", {}, (160, 200, 200), "uint16"),
        ("unlabelled/mortar_slices", {}, (12, 1011, 980), "uint16"),
        ("unlabelled/carbonate_slice.tif", {}, (1, 1008, 980), "uint16"),
        ("unlabelled/raw_100_100_200.raw", {"raw_dtype": "uint16"}, (200, 100, 100), "uint16"),
    ],
)
def test_labels_have_the_format_shape_and_voxel_size_of_the_scan(real_data, tmp_path, name, options, shape, dtype):
    with open_scan(real_data / name, **options) as scan:
        assert (scan.shape, scan.dtype) == (shape, dtype)
        path = labels_path(scan.info, tmp_path)
        truth = []
        with create_scan(path, scan.info) as sink:
            for start in range(0, shape[0], 50):
                slab = scan.read(start, min(start + 50, shape[0]))
                truth.append(slab > np.median(slab))
                sink.write(truth[-1])
    with open_scan(path) as labels:
        assert (labels.info.format, labels.shape, labels.dtype) == (scan.info.format, shape, np.uint8)
        assert labels.voxel_size_um == scan.voxel_size_um
        np.testing.assert_allclose(labels.info.affine, scan.info.affine)
        np.testing.assert_array_equal(labels.read(), np.concatenate(truth))


def test_the_raw_file_needs_its_type(real_data):
    with pytest.raises(ScanError, match="its 4,000,000 bytes for 100×100×200 voxels fit uint16 or int16"):
        open_scan(real_data / "unlabelled" / "raw_100_100_200.raw")


def test_every_image_of_every_task_opens(real_data):
    count = 0
    for datalist in sorted(real_data.glob("*/dataset.json")):
        content = json.loads(datalist.read_text())
        for item in content["training"] + content["validation"] + content["test"]:
            with open_scan(datalist.parent / item["image"]) as scan:
                assert scan.read(0, 1).shape == (1, *scan.shape[1:])
                count += 1
    assert count > 20


def test_slices_that_are_apart_are_no_volume(real_data):
    with pytest.raises(ScanError, match="slices 1 to 49 are missing"):
        open_scan(real_data / "sandstone" / "images")


@pytest.mark.skipif(sys.platform != "linux", reason="asks Linux for the peak: getrusage counts the parent's as well")
@pytest.mark.parametrize("name", ["core.tif", "plain.tif", "core.nii.gz", "core.nrrd", "core.mha", "core", "raw"])
def test_a_scan_four_times_as_long_needs_no_more_memory(real_data, tmp_path, name):
    with open_scan(real_data / "unlabelled" / "mortar_slices") as mortar:
        volume = mortar.read()[:, ::2, ::2]
    peaks = []
    for times in (1, 4):
        path = tmp_path / str(times) / (name if name != "raw" else f"core_490x506x{12 * times}_uint16.raw")
        path.parent.mkdir()
        stack = np.concatenate([volume] * times)
        if name == "plain.tif":
            tifffile.imwrite(path, stack, photometric="minisblack")
        else:
            saved(path, stack, 6)
        peaks.append(peak_of_labelling(path, tmp_path / "out", 9000))
    assert peaks[1] < 1.02 * peaks[0], peaks
