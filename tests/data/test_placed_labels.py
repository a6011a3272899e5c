"""Labels that headers place on their scan: turned, mirrored, cut out, or refused with the numbers."""

from itertools import permutations

import nibabel
import numpy as np
import pytest
import SimpleITK
from labelled_rock import SCAN, TRUTH, areas, tiff

from synfine_monai.data import Item, open_labels
from synfine_monai.errors import ScanError

MM = 0.005
LABELS = areas()
AFFINE = np.diag([MM, MM, MM, 1.0])


def itk(path, volume, origin=(0, 0, 0), direction=(1, 0, 0, 0, 1, 0, 0, 0, 1), spacing=(MM,) * 3):
    image = SimpleITK.GetImageFromArray(np.ascontiguousarray(volume))
    image.SetSpacing(spacing)
    image.SetOrigin([float(n) for n in origin])
    image.SetDirection([float(n) for n in direction])
    SimpleITK.WriteImage(image, str(path), True)
    return path


def nifti(path, volume_xyz, affine):
    image = nibabel.Nifti1Image(np.ascontiguousarray(volume_xyz), affine)
    image.header.set_xyzt_units("mm")
    nibabel.save(image, path)
    return path


def laid(scan, labels, start=0, stop=None):
    with open_labels(Item(scan, labels, None, "A", "A")) as opened:
        return opened.read(start, stop)


@pytest.mark.parametrize("suffix", [".nrrd", ".mha"])
def test_mirrored_labels_are_laid_right_by_their_directions(tmp_path, suffix):
    scan = itk(tmp_path / f"scan{suffix}", SCAN)
    _, height, width = SCAN.shape
    turned = itk(tmp_path / f"labels{suffix}", LABELS[:, ::-1, ::-1], ((width - 1) * MM, (height - 1) * MM, 0),
                 (-1, 0, 0, 0, -1, 0, 0, 0, 1))  # fmt: skip
    np.testing.assert_array_equal(laid(scan, turned), LABELS)


@pytest.mark.parametrize("order", list(permutations(range(3))))
@pytest.mark.parametrize("mirrored", [0, 1, 2])
def test_nifti_axes_in_any_order_and_sense(tmp_path, order, mirrored):
    """What the header says is found by nibabel's own turning of an image."""
    scan = nifti(tmp_path / "scan.nii", SCAN.transpose(2, 1, 0), AFFINE)
    image = nibabel.Nifti1Image(np.ascontiguousarray(LABELS.transpose(2, 1, 0)), AFFINE)
    orientation = [[axis, -1 if axis == mirrored else 1] for axis in order]
    turned = image.as_reoriented(np.array(orientation, float))
    turned.header.set_xyzt_units("mm")
    nibabel.save(turned, tmp_path / "labels.nii")
    np.testing.assert_array_equal(laid(scan, tmp_path / "labels.nii"), LABELS)
    np.testing.assert_array_equal(laid(scan, tmp_path / "labels.nii", 5, 8), LABELS[5:8])


def test_nifti_and_nrrd_agree_on_left_and_right(tmp_path):
    scan = itk(tmp_path / "scan.nrrd", SCAN)  # left-posterior-superior, NIfTI is right-anterior-superior
    labels = nifti(tmp_path / "labels.nii.gz", LABELS.transpose(2, 1, 0), AFFINE @ np.diag([-1, -1, 1, 1]))
    np.testing.assert_array_equal(laid(scan, labels), LABELS)


def test_a_part_that_was_cut_out_lies_where_it_was(tmp_path):
    scan = itk(tmp_path / "scan.nrrd", SCAN)
    box = (slice(3, 8), slice(20, 80), slice(10, 70))
    labels = itk(tmp_path / "labels.mha", TRUTH[box], (10 * MM, 20 * MM, 3 * MM))
    expected = np.full(TRUTH.shape, 255, np.uint8)  # a value that the labels do not use
    expected[box] = TRUTH[box]
    np.testing.assert_array_equal(laid(scan, labels), expected)


def test_a_part_beyond_the_scan_is_cut_off(tmp_path):
    scan = itk(tmp_path / "scan.nrrd", SCAN)
    wide = np.pad(LABELS, 4)
    np.testing.assert_array_equal(laid(scan, itk(tmp_path / "labels.nrrd", wide, (-4 * MM,) * 3)), LABELS)


@pytest.mark.parametrize(
    ("changes", "numbers"),
    [
        ({"origin": (MM / 2, 0, 0)}, r"at \(0\.5, 0, 0\)"),
        ({"spacing": (2 * MM,) * 3}, "are 2 × 2 × 2 of them"),
        ({"origin": (100, 0, 0)}, r"at \(2e\+04, 0, 0\)"),
        ({"direction": (0.8, -0.6, 0, 0.6, 0.8, 0, 0, 0, 1)}, "does not lie on the voxels"),
    ],
)
def test_labels_off_the_grid_are_refused_with_the_numbers(tmp_path, changes, numbers):
    scan = itk(tmp_path / "scan.nrrd", SCAN, direction=np.eye(3).ravel())
    with pytest.raises(ScanError, match=numbers):
        laid(scan, itk(tmp_path / "labels.nrrd", LABELS, **changes))


def test_a_header_that_nobody_filled_says_nothing(tmp_path):
    scan = itk(tmp_path / "scan.nrrd", SCAN, (1, 2, 3))
    np.testing.assert_array_equal(laid(scan, itk(tmp_path / "labels.nrrd", LABELS, spacing=(1, 1, 1))), LABELS)
    np.testing.assert_array_equal(laid(scan, nifti(tmp_path / "l.nii", LABELS.transpose(2, 1, 0), np.eye(4))), LABELS)
    plain = tiff(tmp_path / "scan.tif", SCAN)
    np.testing.assert_array_equal(laid(plain, itk(tmp_path / "labels.mha", LABELS, (5, 5, 5))), LABELS)


def test_nifti_by_simpleitk_without_geometry_is_taken_by_shape(tmp_path):
    """ITK writes the unit matrix, which nobody set, as diag(-1, -1, 1) to NIfTI."""
    scan = nifti(tmp_path / "scan.nii", SCAN.transpose(2, 1, 0), AFFINE)
    SimpleITK.WriteImage(SimpleITK.GetImageFromArray(LABELS), str(tmp_path / "labels.nii"))
    np.testing.assert_array_equal(laid(scan, tmp_path / "labels.nii"), LABELS)


def test_labels_that_lie_almost_beside_the_scan_are_refused(tmp_path):
    """A spacing without directions turns x and y round the first voxel: one row is left on the scan."""
    scan = nifti(tmp_path / "scan.nii", SCAN.transpose(2, 1, 0), AFFINE)
    with pytest.raises(ScanError, match=r"CopyInformation"):
        laid(scan, itk(tmp_path / "labels.nrrd", LABELS))
