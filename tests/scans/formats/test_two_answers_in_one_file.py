"""Files that say two things of one voxel size or grey level: the right one is taken, or none."""

import nibabel
import numpy as np
import pytest
import tifffile

from synfine_monai.errors import ScanError
from synfine_monai.scans import open_scan

VOLUME = np.random.default_rng(3).integers(0, 250, (4, 20, 24)).astype(np.uint8)


def size_of(path):
    with open_scan(path) as scan:
        return scan.voxel_size_um


@pytest.mark.parametrize(("more", "size"), [({}, (0.01, 5, 5)), ({"zunit": "mm"}, (10, 5, 5)),
    ({"yunit": "nm"}, (0.01, 0.005, 5)), ({"zunit": "pixel"}, None)])  # fmt: skip
def test_imagejs_units_of_y_and_z(tmp_path, more, size):
    metadata = {"axes": "ZYX", "unit": "um", "spacing": 0.01, **more}
    tifffile.imwrite(tmp_path / "a.tif", VOLUME, imagej=True, resolution=(0.2, 0.2), metadata=metadata)
    assert size_of(tmp_path / "a.tif") == (None if size is None else pytest.approx(size))


@pytest.mark.parametrize(("pixdim", "sform", "size"), [(0.005, 0.005, (5, 5, 5)), (0.01, 0.005, None),
                                                       (0.005, 1, (5, 5, 5))])  # fmt: skip
def test_nifti_with_two_voxel_sizes(tmp_path, pixdim, sform, size):
    image = nibabel.Nifti1Image(VOLUME.T, np.diag([0.005, 0.005, 0.005, 1]))
    image.header.set_xyzt_units("mm")
    nibabel.save(image, tmp_path / "a.nii")
    content = bytearray((tmp_path / "a.nii").read_bytes())
    content[80:92] = np.full(3, pixdim, "<f4").tobytes()
    content[280:328] = np.eye(3, 4, dtype="<f4").__mul__(np.float32(sform)).tobytes()
    (tmp_path / "a.nii").write_bytes(content)
    assert size_of(tmp_path / "a.nii") == (None if size is None else pytest.approx(size))


@pytest.mark.parametrize(("units", "size"), [('"um" "um" "um"', (0.01, 5, 5)), ('"um" "um" "mm"', None)])
def test_nrrd_with_two_units(tmp_path, units, size):
    head = ("NRRD0005\ntype: uint8\ndimension: 3\nspace dimension: 3\nsizes: 24 20 4\nencoding: raw\nspace directions: "
            f"(5,0,0) (0,5,0) (0,0,0.01)\nspace units: {units}\n\n")  # fmt: skip
    (tmp_path / "a.nrrd").write_bytes(head.encode() + VOLUME.tobytes())
    assert size_of(tmp_path / "a.nrrd") == (None if size is None else pytest.approx(size))


def test_slices_with_two_voxel_sizes(tmp_path):
    for z, image in enumerate(VOLUME):
        um = 5 if z < 2 else 7
        tifffile.imwrite(tmp_path / f"s{z}.tif", image, imagej=True, resolution=(1 / um, 1 / um),
                         metadata={"unit": "um", "spacing": um})  # fmt: skip
    assert size_of(tmp_path) is None


def test_slices_of_which_some_are_inverted_are_refused(tmp_path):
    for z, image in enumerate(VOLUME):
        shown = {"photometric": "miniswhite"} if z == 2 else {}
        tifffile.imwrite(tmp_path / f"s{z}.tif", 255 - image if z == 2 else image, **shown)
    with pytest.raises(ScanError, match="different scales"):
        open_scan(tmp_path)
