"""Scans through MONAI's LoadImaged."""

import numpy as np
import pytest
import tifffile
import torch
from monai.data import DataLoader, Dataset
from monai.transforms import LoadImage, LoadImaged

from synfine_monai.errors import ScanError
from synfine_monai.scans import create_scan, new_scan_info
from synfine_monai.scans.reader import ScanReader

VOLUME = np.random.default_rng(3).integers(0, 65_536, (5, 7, 6), dtype=np.uint16)
NAMES = ["core.tif", "core.nii.gz", "core.nrrd", "core.mha", "core.mhd", "core"]


def save(path, volume=VOLUME, voxel_size_um=(7.5, 6.0, 6.0)):
    with create_scan(path, new_scan_info(path, volume.shape, volume.dtype, voxel_size_um), volume.dtype) as sink:
        sink.write(volume)
    return path


@pytest.mark.parametrize("name", NAMES)
def test_channel_first_z_first_with_voxel_size(tmp_path, name):
    load = LoadImaged("image", reader=ScanReader, dtype=None, ensure_channel_first=True)
    image = load({"image": save(tmp_path / name)})["image"]
    assert image.shape == (1, 5, 7, 6)
    assert not image.dtype.is_floating_point
    np.testing.assert_array_equal(image[0].numpy(), VOLUME)
    assert image.meta["voxel_size_um"] == pytest.approx((7.5, 6.0, 6.0), rel=1e-6)
    assert image.meta["filename_or_obj"] == str(tmp_path / name)
    steps = torch.linalg.norm(image.affine[:3, :3], dim=0)
    torch.testing.assert_close(steps / steps[1], torch.tensor([1.25, 1.0, 1.0], dtype=torch.float64))


def test_one_step_along_z_is_one_step_along_the_files_z(tmp_path):
    image = LoadImage(reader=ScanReader, dtype=None, image_only=True)(save(tmp_path / "core.nii"))
    np.testing.assert_allclose(image.affine @ torch.tensor([1.0, 0, 0, 1], dtype=torch.float64), [0, 0, 0.0075, 1])


def test_uint8_stays_and_float_comes_if_asked(tmp_path):
    path = save(tmp_path / "core.tif", VOLUME.astype(np.uint8))
    assert LoadImage(reader=ScanReader, dtype=None)(path).dtype == torch.uint8
    assert LoadImage(reader=ScanReader)(path).dtype == torch.float32


def test_unknown_voxel_size_is_none_or_given(tmp_path):
    path = save(tmp_path / "core.tif", voxel_size_um=None)
    assert LoadImage(reader=ScanReader)(path).meta["voxel_size_um"] is None
    assert LoadImage(reader=ScanReader, voxel_size_um=6)(path).meta["voxel_size_um"] == (6.0, 6.0, 6.0)


def test_raw_takes_its_options(tmp_path):
    VOLUME.tofile(tmp_path / "core.raw")
    load = LoadImage(reader=ScanReader, dtype=None, raw_shape=VOLUME.shape, raw_dtype="uint16")
    np.testing.assert_array_equal(load(tmp_path / "core.raw").numpy(), VOLUME)


def test_several_files_are_channels(tmp_path):
    paths = [save(tmp_path / "a.tif"), save(tmp_path / "b.nii", VOLUME // 2)]
    image = LoadImage(reader=ScanReader, dtype=None, ensure_channel_first=True)(paths)
    np.testing.assert_array_equal(image.numpy(), np.stack([VOLUME, VOLUME // 2]))
    with pytest.raises(ScanError, match="channels of one image have one shape"):
        LoadImage(reader=ScanReader)([paths[0], save(tmp_path / "c.tif", VOLUME[:3])])


def test_scans_of_known_voxel_size_form_batches(tmp_path):
    items = [{"image": str(save(tmp_path / f"{name}.tif"))} for name in "ab"]
    load = LoadImaged("image", reader=ScanReader, ensure_channel_first=True)
    batch = next(iter(DataLoader(Dataset(items, load), batch_size=2)))["image"]
    assert batch.shape == (2, 1, 5, 7, 6)


def test_errors_arrive_as_they_are(tmp_path):
    with pytest.raises(ScanError, match=r"core\.tif does not exist"):
        LoadImage(reader=ScanReader)(tmp_path / "core.tif")
    tifffile.imwrite(tmp_path / "core.tif", np.zeros((8, 8, 3), np.uint8), photometric="rgb")
    with pytest.raises(ScanError, match="colour image"):
        LoadImage(reader=ScanReader)(tmp_path / "core.tif")


def test_knows_its_extensions(tmp_path):
    reader = ScanReader()
    assert reader.verify_suffix(["a.tif", "b.NII.GZ"])
    assert reader.verify_suffix(tmp_path)
    assert not reader.verify_suffix("a.jpg")
