"""TIFF that is no scan, and TIFF that is damaged."""

import numpy as np
import pytest
import tifffile

from synfine_monai.errors import ScanError
from synfine_monai.scans import open_scan

VOLUME = np.random.default_rng(3).integers(0, 4000, (9, 12, 10), dtype=np.uint16)
GREY = {"photometric": "minisblack"}
BAD = {
    "colour": (np.zeros((8, 8, 3), np.uint8), {"photometric": "rgb"}, "is a colour image"),
    "colour stack": (np.zeros((4, 8, 8, 3), np.uint8), {"photometric": "rgb"}, "is a colour image"),
    "complex": (VOLUME.astype(np.complex64), GREY, "complex64 numbers"),
    "time": (np.zeros((2, 4, 8, 8), np.uint8), {"imagej": True, "metadata": {"axes": "TZYX"}}, "2 time points"),
    "channels": (np.zeros((4, 3, 8, 8), np.uint8), {"imagej": True, "metadata": {"axes": "ZCYX"}}, "3 channels"),
    "flat channels": (np.zeros((3, 8, 8), np.uint8), {"imagej": True, "metadata": {"axes": "CYX"}}, "3 channels"),
    "ome channels": (np.zeros((3, 4, 8, 8), np.uint8), GREY | {"ome": True, "metadata": {"axes": "CZYX"}}, "3 chan"),
    "flat ome channels": (np.zeros((5, 8, 8), np.uint8), GREY | {"ome": True, "metadata": {"axes": "CYX"}}, "5 chan"),
    "named channels": (
        np.zeros((30, 8, 8), np.uint8),
        GREY | {"ome": True, "metadata": {"axes": "CYX", "Channel": {"Name": [f"{k} keV" for k in range(30)]}}},
        "30 channels",
    ),
    "composite": (
        np.zeros((30, 8, 8), np.uint8),
        GREY | {"imagej": True, "metadata": {"axes": "CYX", "mode": "composite"}},
        "30 channels",
    ),
    "planar colour": (np.zeros((4, 8, 8), np.uint8), {"photometric": "rgb", "planarconfig": "separate"}, "colour"),
    "planar samples": (
        np.zeros((5, 8, 8), np.uint8),
        GREY | {"planarconfig": "separate", "extrasamples": [0] * 4},
        "5 samples",
    ),
    "four axes": (np.zeros((3, 4, 8, 8), np.uint8), GREY, "3 images, 4 images"),
}


@pytest.mark.parametrize("kind", BAD)
def test_refuses_what_is_no_scan(tmp_path, kind):
    volume, options, words = BAD[kind]
    tifffile.imwrite(tmp_path / "core.tif", volume, **options)
    with pytest.raises(ScanError, match=f"^core.tif.*{words}"):
        open_scan(tmp_path / "core.tif")


@pytest.mark.parametrize(
    ("kind", "axes", "called"),
    [("ome", "CYX", "channels"), ("imagej", "CYX", "channels"), ("ome", "TYX", "time points"), ("ome", "ZYX", None)],
)
def test_slices_that_the_header_calls_something_else_are_said(tmp_path, kind, axes, called):
    """As tifffile and Fiji write a stack of which nobody names the axes."""
    tifffile.imwrite(tmp_path / "core.tif", VOLUME, **GREY, **{kind: True}, metadata={"axes": axes})
    with open_scan(tmp_path / "core.tif") as scan:
        np.testing.assert_array_equal(scan.read(), VOLUME)
        assert [note[:40] for note in scan.info.notes] == [f"its header calls its 9 slices {called}: they"[:40]] * (
            called is not None
        )


@pytest.mark.parametrize("place", [1, 8, 12])
@pytest.mark.parametrize("odd", [np.zeros((12, 11), np.uint16), np.zeros((12, 10), np.uint8)])
def test_refuses_pages_of_different_shape_or_type(tmp_path, place, odd):
    with tifffile.TiffWriter(tmp_path / "core.tif") as tif:
        for number in range(20):
            tif.write(odd if number == place else VOLUME[0], metadata=None, contiguous=False)
    with pytest.raises(ScanError, match=r"core\.tif.*(shape|type)"):
        open_scan(tmp_path / "core.tif")


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"compression": "zlib"},
        {"compression": "lzw"},
        {"imagej": True},
        {"imagej": True, "compression": "zlib"},
        {"ome": True},
        {"ome": True, "compression": "zlib"},
        {"metadata": None},
        {"metadata": None, "compression": "zlib"},
    ],
    ids=str,
)
@pytest.mark.parametrize("share", [0.999, 0.9, 0.5, 0.1, 0.01])
def test_refuses_a_file_that_is_cut_short(tmp_path, caplog, recwarn, capfd, options, share):
    path = tmp_path / "core.tif"
    volume = np.random.default_rng(1).integers(0, 255, (20, 40, 40), dtype=np.uint8)
    tifffile.imwrite(path, volume, photometric="minisblack", **options)
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    with pytest.raises(ScanError, match=r"core\.tif.*(cut short|damaged)"), open_scan(path) as scan:
        scan.read()
    assert not caplog.records
    assert not len(recwarn)
    assert capfd.readouterr() == ("", "")


def test_refuses_garbled_pages(tmp_path, caplog, capfd):
    path = tmp_path / "core.tif"
    tifffile.imwrite(path, VOLUME, photometric="minisblack", compression="zlib")
    content = bytearray(path.read_bytes())
    with tifffile.TiffFile(path) as tif:
        offset = tif.pages[5].dataoffsets[0]
    content[offset + 20 : offset + 60] = bytes(40)
    path.write_bytes(content)
    with open_scan(path) as scan:
        np.testing.assert_array_equal(scan.read(0, 5), VOLUME[:5])
        with pytest.raises(ScanError, match=r"core\.tif: slices 4 to 6 cannot be read.*damaged"):
            scan.read(4, 7)
    assert not caplog.records
    assert capfd.readouterr() == ("", "")


NO_TIFF = [b"no tiff at all", b"II*\0", b"II*\0\x08\0\0\0", bytes(1000), b"II*\0\xff\xff\xff\x7f"]


@pytest.mark.parametrize("content", NO_TIFF)
def test_refuses_what_only_is_called_tiff(tmp_path, content, caplog, capfd):
    (tmp_path / "core.tif").write_bytes(content)
    with pytest.raises(ScanError, match=r"^core\.tif cannot be read as tiff"):
        open_scan(tmp_path / "core.tif")
    assert not caplog.records
    assert capfd.readouterr() == ("", "")
