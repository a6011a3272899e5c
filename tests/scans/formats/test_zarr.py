"""Zarr and OME-Zarr as other programs write them."""

import numpy as np
import pytest
from zarr_stores import CHUNKS, RNG, SIZE, VOLUME, by_ome_zarr, ome, plain, zarr

from synfine_monai.errors import ScanError
from synfine_monai.scans import ScanReader, create_scan, format_of, labels_path, new_scan_info, open_scan


@pytest.mark.parametrize("zarr_format", [2, 3])
def test_windows_of_plain_arrays_and_ome_images(tmp_path, zarr_format):
    for path, size in [
        (plain(tmp_path / "plain.zarr", zarr_format=zarr_format), None),
        (ome(tmp_path / "core.ome.zarr", zarr_format=zarr_format), SIZE),
        (ome(tmp_path / "no_extension", zarr_format=zarr_format), SIZE),
    ]:
        assert format_of(path) == "zarr"
        with open_scan(path) as scan:
            assert (scan.shape, scan.dtype, scan.voxel_size_um) == (VOLUME.shape, np.uint16, size)
            for start, stop in [(3, 5), (0, 1), (0, 12), (4, 8), (11, 12), (2, 11)]:
                np.testing.assert_array_equal(scan.read(start, stop), VOLUME[start:stop])


@pytest.mark.parametrize("version", ["0.4", "0.5"])
def test_an_image_by_ome_zarr_itself(tmp_path, version):
    path = by_ome_zarr(tmp_path / "core.ome.zarr", VOLUME, version, (12e3, 6e3, 5.5e3), "nanometer")
    with open_scan(path) as scan:
        assert (scan.voxel_size_um, scan.info.layout["unit"], scan.info.layout["version"]) == (SIZE, "nm", version)
        np.testing.assert_array_equal(scan.read(), VOLUME)


@pytest.mark.parametrize(("axes", "shape"), [("tczyx", (1, 1, 12, 20, 18)), ("czyx", (1, 12, 20, 18))])
def test_axes_of_length_one_are_left_out(tmp_path, axes, shape):
    path = ome(tmp_path / "core.zarr", VOLUME.reshape(shape), axes=axes)
    with open_scan(path) as scan:
        assert (scan.shape, scan.voxel_size_um) == (VOLUME.shape, SIZE)
        np.testing.assert_array_equal(scan.read(5, 9), VOLUME[5:9])


def test_a_slice_alone(tmp_path):
    with open_scan(ome(tmp_path / "core.zarr", VOLUME[0], axes="yx", scale=SIZE[1:], chunks=(8, 8))) as scan:
        assert (scan.shape, scan.voxel_size_um) == ((1, 20, 18), (5.5, 6.0, 5.5))
        np.testing.assert_array_equal(scan.read(), VOLUME[:1])


@pytest.mark.parametrize(
    ("unit", "scale", "size"),
    [
        ("millimeter", (0.012, 0.006, 0.0055), SIZE),
        ("nanometer", (12e3, 6e3, 5.5e3), SIZE),
        (None, SIZE, None),
        ("pixel", SIZE, None),
        ("micrometer", (0.0, 6.0, 6.0), None),
    ],
)
def test_units(tmp_path, unit, scale, size):
    assert open_scan(ome(tmp_path / "core.zarr", unit=unit, scale=scale)).voxel_size_um == size


def test_transformations_of_the_level_and_of_the_image_follow_each_other(tmp_path):
    path = ome(
        tmp_path / "core.zarr",
        scale=(2.0, 1.0, 1.0),
        coordinateTransformations=[
            {"type": "scale", "scale": [6.0, 6.0, 5.5]},
            {"type": "translation", "translation": [30.0, 20.0, 10.0]},
        ],
    )
    with open_scan(path) as scan:
        assert scan.voxel_size_um == SIZE
        np.testing.assert_allclose(scan.info.affine[:3, 3], (10.0, 20.0, 30.0))


def test_another_level_has_its_own_voxel_size(tmp_path):
    like = new_scan_info(tmp_path / "core.ome.zarr", (4, 300, 20), np.uint8, SIZE)
    with create_scan(like.path, like) as sink:
        sink.write(np.ones(like.shape, np.uint8))
    with open_scan(like.path / "1") as scan:
        assert (scan.shape, scan.voxel_size_um) == ((2, 150, 10), (24.0, 12.0, 11.0))
        assert labels_path(scan.info, tmp_path).name == "core_labels.ome.zarr"


def test_chunks_in_shards(tmp_path):
    with open_scan(plain(tmp_path / "core.zarr", zarr_format=3, shards=(8, 16, 16))) as scan:
        np.testing.assert_array_equal(scan.read(3, 7), VOLUME[3:7])
        assert scan._layers.chunk_depth == 4


def test_the_only_image_of_a_group_is_meant(tmp_path):
    root = zarr.open_group(str(tmp_path / "core.zarr"), mode="w", zarr_format=2)
    root.attrs["bioformats2raw.layout"] = 3
    ome(tmp_path / "core.zarr" / "0", VOLUME[None, None], axes="tczyx")
    assert open_scan(tmp_path / "core.zarr").voxel_size_um == SIZE
    ome(tmp_path / "core.zarr" / "1", VOLUME[None, None] // 2, axes="tczyx")
    with pytest.raises(ScanError, match=r"core\.zarr holds 2 images \(0, 1\); give one of them, as core\.zarr/0"):
        open_scan(tmp_path / "core.zarr")
    with open_scan(tmp_path / "core.zarr" / "1") as scan:
        np.testing.assert_array_equal(scan.read(), VOLUME // 2)


def test_two_arrays_of_a_group(tmp_path):
    zarr.open_group(str(tmp_path / "core.zarr"), mode="w", zarr_format=3)
    with pytest.raises(ScanError, match=r"core\.zarr holds no image"):
        open_scan(tmp_path / "core.zarr")
    plain(tmp_path / "core.zarr" / "raw", zarr_format=3)
    np.testing.assert_array_equal(open_scan(tmp_path / "core.zarr").read(), VOLUME)
    plain(tmp_path / "core.zarr" / "labels", zarr_format=3)
    with pytest.raises(ScanError, match=r"2 images \(labels, raw\)"):
        open_scan(tmp_path / "core.zarr")


@pytest.mark.parametrize(
    ("volume", "axes", "words"),
    [
        (np.stack([VOLUME] * 2), "czyx", "core.zarr/0 has 2 channels"),
        (np.stack([VOLUME] * 3), "tzyx", "3 time points"),
        (VOLUME, "xyz", "axes in the order x, y, z; a scan is stored as z, y, x"),
        (VOLUME.astype(np.complex64), "zyx", "complex64 numbers"),
    ],
)
def test_refuses_what_is_no_grey_level_volume(tmp_path, volume, axes, words):
    with pytest.raises(ScanError, match=words):
        open_scan(ome(tmp_path / "core.zarr", volume, axes=axes))


@pytest.mark.parametrize(
    ("volume", "words"),
    [
        (np.stack([VOLUME] * 2), r"core\.zarr has the shape 2×12×20×18"),
        (RNG.integers(1, 9, (20, 30, 3), dtype=np.uint8), r"core\.zarr of shape 20×30×3 is a colour image"),
        (VOLUME[0, 0], r"core\.zarr has the shape 18"),
    ],
)
def test_refuses_arrays_that_cannot_be_a_scan(tmp_path, volume, words):
    with pytest.raises(ScanError, match=words):
        open_scan(plain(tmp_path / "core.zarr", volume, chunks=CHUNKS[: min(3, volume.ndim)]))


def test_names_of_dimensions_count(tmp_path):
    path = plain(tmp_path / "core.zarr", zarr_format=3, dimension_names=["x", "y", "z"])
    with pytest.raises(ScanError, match="in the order x, y, z"):
        open_scan(path)
    assert open_scan(plain(tmp_path / "b.zarr", zarr_format=3, dimension_names=["a", "b", "c"])).shape == VOLUME.shape


def test_monai_reads_it(tmp_path):
    path = ome(tmp_path / "core.ome.zarr")
    reader = ScanReader()
    assert reader.verify_suffix(path)
    volume, meta = reader.get_data(reader.read(path))
    np.testing.assert_array_equal(volume, VOLUME)
    assert meta["voxel_size_um"] == SIZE
