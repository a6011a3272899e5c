"""Round trips of every format, and what an open scan promises."""

from pathlib import Path

import numpy as np
import pytest

from synfine_monai.data.scan import ScanInfo, create_scan, format_of, labels_path, new_scan_info, open_scan

SHAPE = (5, 7, 6)
NAMES = ["core.tif", "core.tiff", "core.ome.tif", "core.nii", "core.nii.gz", "core.nrrd", "core.mha", "core.mhd",
         "core_6x7x5_uint16.raw", "core"]
RNG = np.random.default_rng(7)
VOLUME = RNG.integers(0, 65_536, SHAPE, dtype=np.uint16)


def written(path: Path, volume: np.ndarray = VOLUME, voxel_size_um=(7.5, 6.0, 6.25)) -> ScanInfo:
    """A scan written in two slabs, as the package itself describes it."""
    like = new_scan_info(path, volume.shape, volume.dtype, voxel_size_um)
    with create_scan(path, like, volume.dtype) as sink:
        sink.write(volume[:2])
        sink.write(volume[2:])
    with open_scan(path, voxel_size_um=voxel_size_um if path.suffix == ".raw" else None) as scan:
        return scan.info


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
    labels = (VOLUME % 3).astype(np.uint8)
    with create_scan(path, source) as sink:
        for z in range(SHAPE[0]):
            sink.write(labels[z : z + 1])
    with open_scan(path) as scan:
        assert scan.info.format == source.format
        assert scan.dtype == np.uint8
        assert scan.voxel_size_um == pytest.approx(source.voxel_size_um, rel=1e-6)
        np.testing.assert_allclose(scan.info.affine, source.affine, rtol=1e-6)
        np.testing.assert_array_equal(scan.read(), labels)
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
