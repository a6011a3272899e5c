"""Masks of the core that their headers turn, mirror and cut out, laid over the scan as labels are."""

import nibabel
import numpy as np
import pytest
import SimpleITK

from synfine_monai.errors import ScanError
from synfine_monai.scans import open_scan
from synfine_monai.survey import find_scan_field_of_view

MM = 0.005
SHAPE = (6, 40, 30)
GREY = np.random.default_rng(1).integers(1, 60000, SHAPE).astype(np.uint16)
CORE = np.zeros(SHAPE, np.uint8)
CORE[1:5, 3:20, 4:16] = 1  # unlike itself in any other way
TURNED = (-1, 0, 0, 0, -1, 0, 0, 0, 1)
TURNED_ORIGIN = ((SHAPE[2] - 1) * MM, (SHAPE[1] - 1) * MM, 0)


def itk(path, volume, origin=(0, 0, 0), direction=(1, 0, 0, 0, 1, 0, 0, 0, 1), spacing=(MM,) * 3):
    image = SimpleITK.GetImageFromArray(np.ascontiguousarray(volume))
    image.SetSpacing(spacing)
    image.SetOrigin([float(n) for n in origin])
    image.SetDirection([float(n) for n in direction])
    SimpleITK.WriteImage(image, str(path))
    return path


def laid(tmp_path, mask):
    """Twice, since the second finds it in memory."""
    with open_scan(itk(tmp_path / "scan.nrrd", GREY)) as scan:
        found = [find_scan_field_of_view(scan, mask).slab(0, SHAPE[0]) for _ in range(2)]
    assert np.array_equal(*found)
    return found[0]


@pytest.mark.parametrize("suffix", [".nrrd", ".mha"])
def test_a_mirrored_mask_is_laid_by_its_directions(tmp_path, suffix):
    mask = itk(tmp_path / f"mask{suffix}", CORE[:, ::-1, ::-1], TURNED_ORIGIN, TURNED)
    np.testing.assert_array_equal(laid(tmp_path, mask), CORE == 1)


def test_a_nifti_mask_with_its_axes_in_another_order(tmp_path):
    image = nibabel.Nifti1Image(CORE.transpose(2, 1, 0), np.diag([-MM, -MM, MM, 1]))  # right-anterior-superior
    turned = image.as_reoriented(np.array([[2, 1], [0, -1], [1, 1]], float))
    turned.header.set_xyzt_units("mm")
    nibabel.save(turned, tmp_path / "mask.nii")
    np.testing.assert_array_equal(laid(tmp_path, tmp_path / "mask.nii"), CORE == 1)


def test_outside_of_a_mask_that_was_cut_out_is_outside_of_the_core(tmp_path):
    mask = itk(tmp_path / "mask.mha", CORE[1:5, 3:20, 4:16], (4 * MM, 3 * MM, MM))
    np.testing.assert_array_equal(laid(tmp_path, mask), CORE == 1)


def test_one_slice_is_turned_and_serves_for_all(tmp_path):
    mask = itk(tmp_path / "mask.nrrd", CORE[1:2, ::-1, ::-1], (*TURNED_ORIGIN[:2], 3 * MM), TURNED, (MM, MM, 1.0))
    np.testing.assert_array_equal(laid(tmp_path, mask), np.stack([CORE[1] == 1] * SHAPE[0]))


def test_a_mask_beside_the_voxels_is_refused(tmp_path):
    mask = itk(tmp_path / "mask.nrrd", CORE, (0, 0, 0), spacing=(2 * MM, MM, MM))
    with pytest.raises(ScanError, match=r"mask\.nrrd.*does not lie on the voxels of scan\.nrrd"):
        laid(tmp_path, mask)
