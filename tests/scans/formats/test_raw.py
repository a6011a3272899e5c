"""Headerless raw files: the name and the options say everything."""

import numpy as np
import pytest

from synfine_monai.errors import ScanError
from synfine_monai.scans import create_scan, labels_path, open_scan
from synfine_monai.scans.formats.raw import labels_name, read_raw_name

VOLUME = np.arange(2 * 3 * 4, dtype=np.uint16).reshape(2, 3, 4) * 1000  # z, y, x


@pytest.mark.parametrize(
    ("stem", "shape", "dtype", "size"),
    [
        ("raw_100_100_200", (200, 100, 100), None, None),
        ("core_96x96x16_uint16_2214nm", (16, 96, 96), "<u2", (2.214, 2.214, 2.214)),
        ("core_96×80×16_float32", (16, 80, 96), "<f4", None),
        ("core_2214nm_96_96_16_int16be", (16, 96, 96), ">i2", (2.214, 2.214, 2.214)),
        ("core-6um-96x96x16-uint8", (16, 96, 96), "u1", (6.0, 6.0, 6.0)),
        ("core_96x96x16_uint8_2000x2000x5000nm", (16, 96, 96), "u1", (5.0, 2.0, 2.0)),
        ("core_0.7um_96x96x16", (16, 96, 96), None, (0.7, 0.7, 0.7)),
    ],
)
def test_names(stem, shape, dtype, size):
    said = read_raw_name(stem)
    assert said.shapes == (shape,)
    assert said.dtype == (None if dtype is None else np.dtype(dtype))
    assert said.voxel_size_um == size


def test_a_date_is_no_size(tmp_path):
    VOLUME.tofile(tmp_path / "core_2020_01_15_4_3_2_uint16.raw")
    with open_scan(tmp_path / "core_2020_01_15_4_3_2_uint16.raw") as scan:
        np.testing.assert_array_equal(scan.read(), VOLUME)


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("core_4_3_2_uint16.raw", {}),
        ("core_4x3x2.raw", {"raw_dtype": "uint16"}),
        ("core_4_3_2.RAW", {"raw_dtype": np.uint16}),
        ("core.raw", {"raw_shape": (2, 3, 4), "raw_dtype": "uint16"}),
        ("core_9_9_9_float64.raw", {"raw_shape": [2, 3, 4], "raw_dtype": "<u2"}),
    ],
)
def test_sizes_and_type_by_name_or_option(tmp_path, name, options):
    VOLUME.astype("<u2").tofile(tmp_path / name)
    with open_scan(tmp_path / name, **options) as scan:
        assert (scan.shape, scan.dtype, scan.voxel_size_um) == ((2, 3, 4), np.uint16, None)
        np.testing.assert_array_equal(scan.read(), VOLUME)
        np.testing.assert_array_equal(scan.read(1), VOLUME[1:])


@pytest.mark.parametrize(("name", "options"), [("c_4_3_2_uint16be.raw", {}), ("c_4_3_2.raw", {"raw_dtype": ">u2"})])
def test_big_endian_only_if_said(tmp_path, name, options):
    VOLUME.astype(">u2").tofile(tmp_path / name)
    with open_scan(tmp_path / name, **options) as scan:
        np.testing.assert_array_equal(scan.read(), VOLUME)


def test_the_voxel_size_of_the_user_wins(tmp_path):
    VOLUME.tofile(tmp_path / "core_4_3_2_uint16_2214nm.raw")
    with open_scan(tmp_path / "core_4_3_2_uint16_2214nm.raw", voxel_size_um=(5, 4, 4)) as scan:
        assert scan.voxel_size_um == (5.0, 4.0, 4.0)
        np.testing.assert_allclose(scan.info.affine, np.diag([4, 4, 5, 1]))


@pytest.mark.parametrize(
    ("stem", "size", "expected"),
    [
        ("raw_4_3_2", None, "raw_4_3_2_labels_uint8"),
        ("raw_4_3_2", (6.0, 6.0, 6.0), "raw_4_3_2_labels_uint8_6000nm"),
        ("core_4x3x2_uint16_2214nm", (2.214, 2.214, 2.214), "core_4x3x2_labels_uint8_2214nm"),
        ("core_4x3x2_uint16_2214nm", (5.0, 4.0, 4.0), "core_4x3x2_labels_uint8_4000x4000x5000nm"),
        ("core", None, "core_labels_4x3x2_uint8"),
    ],
)
def test_labels_say_in_their_name_what_they_are(tmp_path, stem, size, expected):
    assert labels_name(stem, "_labels", (2, 3, 4), np.dtype("uint8"), size) == expected
    path = tmp_path / f"{stem}.raw"
    VOLUME.tofile(path)
    with open_scan(path, raw_shape=(2, 3, 4), raw_dtype="uint16", voxel_size_um=size) as scan:
        out = labels_path(scan.info, tmp_path / "out")
        assert out.name == f"{expected}.raw"
        with create_scan(out, scan.info) as sink:
            sink.write(VOLUME % 3)
    with open_scan(out) as scan:  # without any option
        assert (scan.shape, scan.dtype, scan.voxel_size_um) == ((2, 3, 4), np.uint8, size)
        np.testing.assert_array_equal(scan.read(), VOLUME % 3)


def test_probabilities_follow_each_other(tmp_path):
    VOLUME.tofile(tmp_path / "core_4_3_2_uint16.raw")
    probabilities = np.random.default_rng(0).random((3, *VOLUME.shape), dtype=np.float32)
    like = open_scan(tmp_path / "core_4_3_2_uint16.raw").info
    path = labels_path(like, tmp_path, "_probabilities", np.float32)
    assert path.name == "core_4_3_2_probabilities_float32.raw"
    with create_scan(path, like, np.float32, channels=3) as sink:
        sink.write(probabilities[:, :1])
        sink.write(probabilities[:, 1:])
    np.testing.assert_array_equal(np.fromfile(path, "<f4").reshape(probabilities.shape), probabilities)


@pytest.mark.parametrize(
    ("name", "count", "options", "words"),
    [
        ("core_96_96_16_uint16.raw", 294_911, {}, "holds 294,911 bytes, but 96×96×16 voxels of uint16 need 294,912"),
        ("core_96_96_16.raw", 294_912, {}, "its voxel type: its 294,912 bytes for 96×96×16 voxels fit uint16 or int16"),
        ("core_96_96_16.raw", 294_911, {}, "its voxel type, and its 294,911 bytes fit none for 96×96×16 "),
        ("core_uint8.raw", 24, {}, "does not say its sizes.*--raw_shape"),
        ("core_4_3_2_uint8.raw", 25, {}, "are the sizes in its name wrong"),
        ("core.raw", 25, {"raw_shape": (2, 3, 4), "raw_dtype": "uint8"}, "are the sizes in --raw_shape wrong"),
        ("core.raw", 24, {"raw_shape": (2, 12), "raw_dtype": "uint8"}, "--raw_shape must be three"),
        ("core.raw", 24, {"raw_shape": (0, 3, 4), "raw_dtype": "uint8"}, "--raw_shape must be three"),
        ("core.raw", 24, {"raw_shape": "2,3,4", "raw_dtype": "uint8"}, "--raw_shape must be three"),
        ("core_4_3_2.raw", 24, {"raw_dtype": "rgb"}, "--raw_dtype must be a type"),
        ("core_4_3_2.raw", 24, {"raw_dtype": "complex64"}, "--raw_dtype must be a type"),
    ],
)
def test_refuses_what_does_not_fit(tmp_path, name, count, options, words):
    (tmp_path / name).write_bytes(bytes(count))
    with pytest.raises(ScanError, match=words):
        open_scan(tmp_path / name, **options)
