"""Resolutions of printers and screens, and the 1 mm that programs write, are no voxel sizes."""

import nibabel
import numpy as np
import pytest
import SimpleITK
import tifffile

from synfine_monai.scans import open_scan
from synfine_monai.scans.voxel_size import is_of_a_printer

VOLUME = np.random.default_rng(3).integers(0, 60_000, (3, 12, 10)).astype(np.uint16)


@pytest.mark.parametrize("dpi", [72, 96, 150, 300, 600, 1200, 203, 4800])
def test_dots_per_inch_are_a_printers(dpi):
    assert is_of_a_printer(1 / dpi, "inch")
    assert is_of_a_printer(2.54 / dpi, "cm") or dpi == 203


@pytest.mark.parametrize("per_cm", [28, 28.35, 118, 118.11, 236, 47.24])
def test_the_same_rounded_to_dots_per_centimetre(per_cm):
    assert is_of_a_printer(1 / per_cm, "cm")


@pytest.mark.parametrize(("size", "unit"), [
    (5 / 25400, "inch"), (6 / 25400, "inch"), (2.214 / 25400, "inch"), (100 / 25400, "inch"), (5e-4, "cm"),
    (12.34e-4, "cm"), (84.667, "um"), (0.0846667, "mm")])  # fmt: skip
def test_sizes_of_scanners_are_none(size, unit):
    assert not is_of_a_printer(size, unit)


@pytest.mark.parametrize("dpi", [72, 300])
@pytest.mark.parametrize("imagej", [True, False])
def test_tiff_in_dots_per_inch_is_unknown(tmp_path, dpi, imagej):
    kind = {"imagej": True, "metadata": {"unit": "inch"}} if imagej else {"resolutionunit": "INCH"}
    (tmp_path / "slices").mkdir()
    for z, page in enumerate(VOLUME):
        tifffile.imwrite(tmp_path / "slices" / f"core{z}.tif", page, resolution=(dpi, dpi), **kind)
    for path in (tmp_path / "slices", tmp_path / "slices" / "core1.tif"):
        assert open_scan(path).voxel_size_um is None


@pytest.mark.parametrize(("zooms", "unit", "known"), [
    ((1, 1, 1), "mm", None), ((1, 1, 999), "mm", None), ((1, 1, 1), "um", (1.0, 1.0, 1.0)),
    ((0.006, 0.006, 0.012), "mm", (12.0, 6.0, 6.0))])  # fmt: skip
def test_nifti_of_one_millimetre_is_unknown(tmp_path, zooms, unit, known):
    image = nibabel.Nifti1Image(VOLUME.T, np.diag([*zooms, 1]))
    image.header.set_xyzt_units({"um": "micron"}.get(unit, unit))
    nibabel.save(image, tmp_path / "core.nii")
    assert open_scan(tmp_path / "core.nii").voxel_size_um == known


def test_itk_of_one_millimetre_is_unknown(tmp_path):
    image = SimpleITK.GetImageFromArray(VOLUME)
    for z in (1.0, 5.0):
        image.SetSpacing((1, 1, z))
        for name in ("core.mha", "core.nrrd", "core.nii.gz"):
            SimpleITK.WriteImage(image, tmp_path / name)
            assert open_scan(tmp_path / name).voxel_size_um is None
