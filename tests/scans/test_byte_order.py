"""A headerless volume is read in the byte order in which its grey levels are smooth, unless somebody says which."""

import logging

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from synfine_monai.errors import ScanError
from synfine_monai.scans import open_scan, scan
from synfine_monai.scans.byte_order import likelier_order, roughness

RNG = np.random.default_rng(5)
ROCK = np.where(gaussian_filter(RNG.standard_normal((8, 64, 64)), 2.5) < -0.05, 14_000, 30_000)
GREY = (gaussian_filter(ROCK.astype(float), 0.8) + 2_200 * RNG.standard_normal(ROCK.shape)).clip(0, 65_535)


@pytest.fixture(autouse=True)
def _every_note_anew():
    scan._log_once.cache_clear()


def test_roughness_of_noise_and_of_a_ramp():
    assert roughness(RNG.integers(0, 65_536, (4, 200, 200))) == pytest.approx(2 / 3**0.5, rel=0.02)
    ramp = np.tile(np.arange(256), (2, 4, 1))
    assert roughness(ramp) == pytest.approx(12**0.5 / 256, rel=0.02)
    assert roughness(np.full((1, 9, 9), 7)) == 0
    assert roughness(np.array([[[1.0, np.nan]]])) == np.inf


@pytest.mark.parametrize("stored", [">u2", "<u2", ">f4", "<f4", ">i4", "<i4", ">f8", "<u4"])
def test_the_order_is_found_and_said(tmp_path, stored, caplog):
    GREY.astype(stored).tofile(tmp_path / "core_64x64x8.raw")
    with caplog.at_level(logging.WARNING), open_scan(
        tmp_path / "core_64x64x8.raw", raw_dtype=np.dtype(stored).name) as opened:  # fmt: skip
        np.testing.assert_array_equal(opened.read(), GREY.astype(stored))
    assert ("read as big-endian" in caplog.text) == (stored[0] == ">")


@pytest.mark.parametrize("said", ["<u2", "uint16le"])
def test_what_is_said_is_done_with_a_warning(tmp_path, said, caplog):
    GREY.astype(">u2").tofile(tmp_path / "core_64x64x8.raw")
    with caplog.at_level(logging.WARNING), open_scan(tmp_path / "core_64x64x8.raw", raw_dtype=said) as opened:
        np.testing.assert_array_equal(opened.read(), GREY.astype(">u2").view("<u2"))
    assert "looks like noise" in caplog.text
    assert caplog.text.count("\n") == 1


@pytest.mark.parametrize("said", [">u2", "uint16be", "UINT16BE"])
def test_big_endian_can_be_said(tmp_path, said, caplog):
    GREY.astype(">u2").tofile(tmp_path / "core_64x64x8.raw")
    with open_scan(tmp_path / "core_64x64x8.raw", raw_dtype=said) as opened:
        np.testing.assert_array_equal(opened.read(), GREY.astype("u2"))
    assert caplog.text == ""


@pytest.mark.parametrize("volume", [
    RNG.integers(0, 65_536, (6, 40, 40)), RNG.integers(0, 3, (6, 40, 40)), ROCK // 1000, ROCK >> 8 << 8,
    np.full((6, 40, 40), 7), RNG.integers(0, 65_536, (5, 7, 6))])  # fmt: skip
def test_noise_labels_and_constants_stay_little_endian(volume):
    assert not likelier_order(volume.astype("<u2"))[0]


def test_header_before_the_voxels(tmp_path):
    (tmp_path / "core_64x64x8_uint16.raw").write_bytes(b"header!" * 73 + GREY.astype("<u2").tobytes())
    with pytest.raises(ScanError, match="give --raw_offset 511"):
        open_scan(tmp_path / "core_64x64x8_uint16.raw")
    with open_scan(tmp_path / "core_64x64x8_uint16.raw", raw_offset=511) as opened:
        np.testing.assert_array_equal(opened.read(), GREY.astype("u2"))
    with pytest.raises(ScanError, match="after 600 bytes of header"):
        open_scan(tmp_path / "core_64x64x8_uint16.raw", raw_offset=600)
    with pytest.raises(ScanError, match="--raw_offset is a whole number"):
        open_scan(tmp_path / "core_64x64x8_uint16.raw", raw_offset=-1)
