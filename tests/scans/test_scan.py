"""Round trips of every format, and what an open scan promises."""

import os
import pickle

import numpy as np
import pytest
from torch.utils.data import DataLoader, Dataset
from written_scans import LABELS, NAMES, SHAPE, VOLUME, written

from synfine_monai.errors import ScanError
from synfine_monai.scans import create_scan, format_of, labels_path, new_scan_info, open_scan


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("dtype", ["uint8", "uint16", "int16", "float32"])
def test_what_is_written_is_read_again(tmp_path, name, dtype):
    path = tmp_path / name.replace("uint16", dtype)
    volume = VOLUME.astype(dtype)
    info = written(path, volume)
    with open_scan(path) as scan:
        np.testing.assert_array_equal(scan.read(), volume)
        np.testing.assert_array_equal(scan.read(1, 3), volume[1:3])
        np.testing.assert_array_equal(scan.read(0, 1), volume[:1])
        assert scan.read(2, 2).shape == (0, 7, 6)
    assert (info.shape, info.dtype, info.format) == (SHAPE, np.dtype(dtype), format_of(path))
    assert info.voxel_size_um == pytest.approx((7.5, 6.0, 6.25), rel=1e-6)


@pytest.mark.parametrize("name", NAMES)
def test_labels_come_back_in_the_format_of_their_scan(tmp_path, name):
    source = written(tmp_path / name)
    path = labels_path(source, tmp_path / "out")
    with create_scan(path, source) as sink:
        for z in range(SHAPE[0]):
            sink.write(LABELS[z : z + 1])
    with open_scan(path) as scan:
        assert scan.info.format == source.format
        assert scan.dtype == np.uint8
        assert scan.voxel_size_um == pytest.approx(source.voxel_size_um, rel=1e-6)
        np.testing.assert_allclose(scan.info.affine, source.affine, rtol=1e-6)
        np.testing.assert_array_equal(scan.read(), LABELS)
    assert {one.name for one in path.parent.iterdir()} - {"core_labels.zraw"} == {path.name}


@pytest.mark.parametrize("name", NAMES)
def test_an_unknown_voxel_size_stays_unknown(tmp_path, name):
    path = tmp_path / name
    like = new_scan_info(path, SHAPE, np.uint16)
    with create_scan(path, like, np.uint16) as sink:
        sink.write(VOLUME)
    with open_scan(path) as scan:
        assert scan.voxel_size_um is None
    with open_scan(path, voxel_size_um=6) as scan:
        assert scan.voxel_size_um == (6.0, 6.0, 6.0)
        labels = labels_path(scan.info, tmp_path / "out")
        with create_scan(labels, scan.info) as sink:
            sink.write(VOLUME > 9)
    with open_scan(labels) as scan:
        assert scan.voxel_size_um == pytest.approx((6.0, 6.0, 6.0), rel=1e-6)


def test_a_format_can_change(tmp_path):
    source = written(tmp_path / "core.nii.gz")
    for name in NAMES:
        with create_scan(tmp_path / "out" / name, source, np.uint16) as sink:
            sink.write(VOLUME)
        with open_scan(tmp_path / "out" / name, voxel_size_um=None) as scan:
            np.testing.assert_array_equal(scan.read(), VOLUME)
            if scan.info.format != "raw":  # its name would say it
                assert scan.voxel_size_um == pytest.approx(source.voxel_size_um, rel=1e-6)


@pytest.mark.parametrize("name", NAMES)
def test_slices_that_do_not_exist(tmp_path, name):
    written(tmp_path / name)
    with open_scan(tmp_path / name) as scan:
        for window in [(0, 6), (-1, 2), (3, 2)]:
            with pytest.raises(IndexError, match="5 slices"):
                scan.read(*window)


@pytest.mark.parametrize("name", [name.replace("uint16", "float32") for name in NAMES])
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_refuses_bad_voxels_where_they_are(tmp_path, name, bad):
    volume = VOLUME.astype(np.float32)
    volume[3, 2, 1:4] = bad
    written(tmp_path / name, volume)
    with open_scan(tmp_path / name) as scan:
        np.testing.assert_array_equal(scan.read(0, 3), volume[:3])
        with pytest.raises(ScanError, match=r"3 voxels of slice \d are NaN or infinite"):
            scan.read(2, 5)


@pytest.mark.parametrize("name", NAMES)
def test_reads_after_closing_and_in_other_processes(tmp_path, name):
    written(tmp_path / name)
    with open_scan(tmp_path / name) as scan:
        first = scan.read(0, 1)
    np.testing.assert_array_equal(scan.read(0, 1), first)
    again = pickle.loads(pickle.dumps(scan))
    np.testing.assert_array_equal(again.read(4, 5), VOLUME[4:])
    scan.close()
    again.close()


class Slices(Dataset):
    """The slices of a scan that was opened before the workers were."""

    def __init__(self, scan):
        self.scan = scan

    def __len__(self):
        return self.scan.shape[0]

    def __getitem__(self, z):
        return self.scan.read(z, z + 1).astype(np.int64)


@pytest.mark.parametrize("name", ["core.tif", "core.nii.gz", "core.mha", "core.zarr", "core.h5"])
def test_workers_do_not_disturb_each_other(tmp_path, name):
    volume = np.concatenate([VOLUME] * 8)
    written(tmp_path / name, volume)
    with open_scan(tmp_path / name) as scan:
        scan.read(0, 3)
        np.testing.assert_array_equal(np.concatenate(list(DataLoader(Slices(scan), None, num_workers=2))), volume)


@pytest.mark.parametrize("name", NAMES[:-1])
def test_refuses_what_is_not_there_or_empty(tmp_path, name):
    with pytest.raises(ScanError, match=r"core\S* does not exist"):
        open_scan(tmp_path / name)
    (tmp_path / name).touch()
    with pytest.raises(ScanError, match=r"core\S* is empty"):
        open_scan(tmp_path / name)


def test_refuses_unknown_files_and_folders(tmp_path):
    (tmp_path / "core.gif").write_bytes(b"GIF89a")
    with pytest.raises(ScanError, match=r"core\.gif: unknown extension; scans are \.tif"):
        open_scan(tmp_path / "core.gif")
    with pytest.raises(ScanError, match="holds no slices"):
        open_scan(tmp_path)


@pytest.mark.skipif(getattr(os, "geteuid", lambda: 0)() == 0, reason="root may read everything")
def test_refuses_what_may_not_be_read(tmp_path):
    written(tmp_path / "core.nii")
    (tmp_path / "core.nii").chmod(0)
    with pytest.raises(ScanError, match=r"core\.nii cannot be read \(Permission denied\)"):
        open_scan(tmp_path / "core.nii")


@pytest.mark.parametrize("size", [0, -1, (6, 6), (6, 6, float("nan")), "six", (6, 6, 6, 6)])
def test_refuses_a_voxel_size_that_is_none(tmp_path, size):
    written(tmp_path / "core.nii")
    with pytest.raises(ScanError, match="--voxel_size_um must be"):
        open_scan(tmp_path / "core.nii", voxel_size_um=size)


@pytest.mark.parametrize(("name", "words"), [
    ("core.txm", "Zeiss's own format: export TIFF"), ("core.vgi", "core.vgi is a log, and not the volume"),
    ("dataset.json", "a dataset.json goes to --datalist")])  # fmt: skip
def test_says_what_to_do_with_files_that_it_does_not_read(tmp_path, name, words):
    (tmp_path / name).write_text("not read")
    with pytest.raises(ScanError, match=words):
        open_scan(tmp_path / name)
