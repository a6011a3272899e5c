"""Scans and labels through MONAI's LoadImaged and SaveImaged."""

import nibabel
import numpy as np
import pytest
import tifffile
import torch
from monai.data import DataLoader, Dataset, MetaTensor
from monai.transforms import LoadImage, LoadImaged, SaveImage, SaveImaged
from written_scans import saved

from synfine_monai.errors import ScanError
from synfine_monai.scans import ScanReader, ScanWriter, extension_of, open_scan

VOLUME = np.random.default_rng(3).integers(0, 65_536, (5, 7, 6), dtype=np.uint16)
READ = ["core.tif", "core.nii.gz", "core.nrrd", "core.mha", "core.mhd", "core"]
WRITTEN = [*READ, "core.ome.tif", "core.nii", "core_6_7_5_uint16.raw"]


def save(path, volume=VOLUME, voxel_size_um=(7.5, 6.0, 6.0)):
    return saved(path, volume, voxel_size_um)


@pytest.mark.parametrize("name", READ)
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
    assert not reader.verify_suffix("a.gif")


@pytest.mark.parametrize("name", WRITTEN)
def test_labels_look_like_their_scan(tmp_path, name):
    item = {"image": save(tmp_path / name)}
    item = LoadImaged("image", reader=ScanReader, dtype=None, ensure_channel_first=True)(item)
    item["image"] = item["image"] % 3
    SaveImaged(
        "image",
        output_dir=tmp_path / "out",
        output_postfix="labels",
        output_ext=extension_of(name),
        output_dtype="uint8",
        resample=False,
        separate_folder=False,
        print_log=False,
        writer=ScanWriter,
    )(item)
    written = [path for path in (tmp_path / "out").iterdir() if path.suffix != ".zraw"]
    assert len(written) == 1
    with open_scan(tmp_path / name) as source, open_scan(written[0]) as labels:
        assert labels.info.format == source.info.format
        assert labels.dtype == np.uint8
        assert labels.voxel_size_um == source.voxel_size_um
        np.testing.assert_allclose(labels.info.affine, source.info.affine)
        np.testing.assert_array_equal(labels.read(), VOLUME % 3)


def test_probabilities(tmp_path):
    source = save(tmp_path / "core.nii")
    probabilities = np.random.default_rng(0).random((2, *VOLUME.shape), dtype=np.float32)
    writer = ScanWriter(output_dtype=np.float32)
    writer.set_data_array(MetaTensor(probabilities))
    writer.set_metadata({"filename_or_obj": str(source)})
    writer.write(tmp_path / "p.nii.gz")
    np.testing.assert_array_equal(np.asarray(nibabel.load(tmp_path / "p.nii.gz").dataobj), probabilities.T)


def test_without_a_source_the_voxel_size_is_kept(tmp_path):
    writer = ScanWriter()
    writer.set_data_array(VOLUME % 3, channel_dim=None)
    writer.set_metadata({"voxel_size_um": torch.tensor([7.5, 6.0, 6.0])})
    writer.write(tmp_path / "labels.mha")
    with open_scan(tmp_path / "labels.mha") as scan:
        assert scan.voxel_size_um == (7.5, 6.0, 6.0)
        np.testing.assert_array_equal(scan.read(), VOLUME % 3)


def test_refuses_another_shape_than_the_scans(tmp_path):
    item = {"image": save(tmp_path / "core.nii")}
    image = LoadImaged("image", reader=ScanReader, ensure_channel_first=True)(item)["image"]
    with pytest.raises(RuntimeError, match="undo what changed the shape"):
        SaveImage(tmp_path, writer=ScanWriter, output_ext=".nii", print_log=False)(image[:, :3])
