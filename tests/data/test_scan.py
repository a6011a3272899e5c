"""Round trips of every format, and what an open scan promises."""

import dataclasses
import os
import pickle
import sys
from pathlib import Path

import numpy as np
import pytest
from torch.utils.data import DataLoader, Dataset

from synfine_monai.data.scan import ScanInfo, create_scan, format_of, labels_path, new_scan_info, open_scan
from synfine_monai.errors import ScanError

SHAPE = (5, 7, 6)
NAMES = ["core.tif", "core.tiff", "core.ome.tif", "core.nii", "core.nii.gz", "core.nrrd", "core.mha", "core.mhd",
         "core.zarr", "core.ome.zarr", "core.h5", "core_6x7x5_uint16.raw", "core"]
RNG = np.random.default_rng(7)
VOLUME = RNG.integers(0, 65_536, SHAPE, dtype=np.uint16)
LABELS = (VOLUME % 3).astype(np.uint8)


def written(path: Path, volume: np.ndarray = VOLUME, voxel_size_um=(7.5, 6.0, 6.25)) -> ScanInfo:
    """A scan written in two slabs, as the package itself describes it."""
    like = new_scan_info(path, volume.shape, volume.dtype, voxel_size_um)
    with create_scan(path, like, volume.dtype) as sink:
        sink.write(volume[:2])
        sink.write(volume[2:])
    with open_scan(path, voxel_size_um=voxel_size_um if path.suffix == ".raw" else None) as scan:
        return scan.info


def fill(path, source, slabs):
    """Write slabs until one of them is an error."""
    with create_scan(path, source) as sink:
        for slab in slabs:
            if isinstance(slab, Exception):
                raise slab
            sink.write(slab)


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


def test_labels_that_do_not_fit_are_no_labels(tmp_path):
    source = written(tmp_path / "core.nii")
    with pytest.raises(ValueError, match="Values 0 to 256 do not fit into uint8"):
        fill(tmp_path / "labels.nii", source, [np.linspace(0, 256, VOLUME.size, dtype=int).reshape(SHAPE)])


@pytest.mark.parametrize("name", NAMES)
def test_what_a_killed_run_left_does_not_matter(tmp_path, name):
    source = written(tmp_path / name)
    path = labels_path(source, tmp_path / "out")
    killed = create_scan(path, source)
    killed.write(LABELS[:1])
    with create_scan(path, source) as sink:
        sink.write(LABELS)
    with open_scan(path) as scan:
        np.testing.assert_array_equal(scan.read(), LABELS)
    assert {one.name for one in path.parent.iterdir()} - {"core_labels.zraw"} == {path.name}


@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_left_after_an_error(tmp_path, name):
    source = written(tmp_path / name)
    out = tmp_path / "out"
    path = labels_path(source, out)
    for slabs, error in [([LABELS[:2], KeyError("stop")], "stop"), ([LABELS[:2]], "got 2 of its 5 slices"),
                         ([LABELS[:4], LABELS[:2]], "has 5 slices, got slice 6"),
                         ([np.zeros((2, 6, 7))], "takes slabs of d×7×6 voxels, got 2×6×7")]:
        with pytest.raises((KeyError, ScanError), match=error):
            fill(path, source, slabs)
        assert list(out.iterdir()) == []


@pytest.mark.parametrize("name", NAMES)
def test_the_name_appears_when_all_is_written(tmp_path, name):
    source = written(tmp_path / name)
    path = labels_path(source, tmp_path / "out")
    (tmp_path / "out").mkdir()
    with create_scan(path, source) as sink:
        sink.write(LABELS)
        assert not path.exists()
    assert path.exists()
    with pytest.raises(KeyError, match="stop"):
        fill(path, source, [np.zeros_like(VOLUME), KeyError("stop")])  # what was there before stays
    with open_scan(path) as scan:
        np.testing.assert_array_equal(scan.read(), LABELS)


@pytest.mark.skipif(sys.platform == "win32", reason="limits of a process are POSIX")
@pytest.mark.parametrize("name", NAMES)
def test_a_full_disk_is_one_sentence(tmp_path, name):
    import resource

    source = written(tmp_path / name)
    like = dataclasses.replace(source, shape=(5, 300, 300))
    noise = RNG.integers(0, 256, (5, 300, 300), dtype=np.uint8)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (40_000, limits[1]))
    try:
        with pytest.raises(ScanError, match=r"cannot be written \(File too large\)"):
            fill(labels_path(like, tmp_path / "out"), like, [noise])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert list((tmp_path / "out").iterdir()) == []


def test_a_place_that_cannot_be_written(tmp_path):
    source = written(tmp_path / "core.nii")
    with pytest.raises(ScanError, match=r"core\.nii/labels\.nii cannot be written"):
        create_scan(tmp_path / "core.nii" / "labels.nii", source)
    with pytest.raises(ScanError, match="is the scan itself"):
        create_scan(tmp_path / "core.nii", source)


@pytest.mark.parametrize("name", NAMES[:-1])
def test_refuses_what_is_not_there_or_empty(tmp_path, name):
    with pytest.raises(ScanError, match=r"core\S* does not exist"):
        open_scan(tmp_path / name)
    (tmp_path / name).touch()
    with pytest.raises(ScanError, match=r"core\S* is empty"):
        open_scan(tmp_path / name)


def test_refuses_unknown_files_and_folders(tmp_path):
    (tmp_path / "core.jpg").write_bytes(b"\xff\xd8")
    with pytest.raises(ScanError, match=r"core\.jpg: unknown extension; scans are \.tif"):
        open_scan(tmp_path / "core.jpg")
    with pytest.raises(ScanError, match="holds no TIFF slices"):
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
