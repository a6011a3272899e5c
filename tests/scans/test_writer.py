"""Labels through MONAI's SaveImaged."""

import nibabel
import numpy as np
import pytest
import torch
from monai.data import MetaTensor
from monai.transforms import LoadImaged, SaveImage, SaveImaged

from synfine_monai.scans import create_scan, extension_of, new_scan_info, open_scan
from synfine_monai.scans.reader import ScanReader
from synfine_monai.scans.writer import ScanWriter

VOLUME = np.random.default_rng(3).integers(0, 65_536, (5, 7, 6), dtype=np.uint16)
NAMES = [
    "core.tif",
    "core.ome.tif",
    "core.nii",
    "core.nii.gz",
    "core.nrrd",
    "core.mha",
    "core.mhd",
    "core",
    "core_6_7_5_uint16.raw",
]


def save(path, volume=VOLUME, voxel_size_um=(7.5, 6.0, 6.0)):
    with create_scan(path, new_scan_info(path, volume.shape, volume.dtype, voxel_size_um), volume.dtype) as sink:
        sink.write(volume)
    return path


@pytest.mark.parametrize("name", NAMES)
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
