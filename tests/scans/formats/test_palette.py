"""Images that are stored as indices: scales of grey levels are read through, colours are classes or refused."""

import numpy as np
import pytest
import tifffile
from PIL import Image

from synfine_monai.errors import ScanError
from synfine_monai.scans import open_scan
from synfine_monai.survey import find_scan_field_of_view, measure_scan_intensity

DEPTH = 4
Y, X = np.mgrid[:64, :64]
GREY = np.stack([(40 + 2 * Y + X + z).astype(np.uint8) for z in range(DEPTH)])  # 40 to 232
ORDER = np.random.default_rng(0).permutation(256)
INVERTED = 255 - np.arange(256)


def tiff(path, indices, colours):
    tifffile.imwrite(path, indices, photometric="palette", colormap=np.asarray(colours).astype(np.uint16))
    return path


def pngs(folder, indices, colours):
    folder.mkdir()
    for z, page in enumerate(indices):
        image = Image.fromarray(page)
        image.putpalette(np.asarray(colours).T.astype(np.uint8).tobytes())
        image.save(folder / f"s{z}.png")
    return folder


@pytest.mark.parametrize("scale", [ORDER, INVERTED], ids=["shuffled", "inverted"])
@pytest.mark.parametrize("times", [256, 257, 1])
def test_a_tiff_is_read_through_a_scale_of_greys(tmp_path, scale, times):
    indices = np.argsort(scale).astype(np.uint8)[GREY]
    with open_scan(tiff(tmp_path / "a.tif", indices, [scale * times] * 3)) as scan:
        assert not scan.info.notes
        np.testing.assert_array_equal(scan.read(), GREY)


@pytest.mark.parametrize("scale", [ORDER, INVERTED], ids=["shuffled", "inverted"])
def test_png_slices_are_read_through_a_scale_of_greys(tmp_path, scale):
    indices = np.argsort(scale).astype(np.uint8)[GREY]
    with open_scan(pngs(tmp_path / "s", indices, [scale] * 3)) as scan:
        np.testing.assert_array_equal(scan.read(), GREY)


def test_slices_with_scales_of_their_own_are_one_scan(tmp_path):
    for z, page in enumerate(GREY):
        order = np.random.default_rng(z).permutation(256)
        tiff(tmp_path / f"s{z}.tif", np.argsort(order).astype(np.uint8)[page], [order * 257] * 3)
    with open_scan(tmp_path) as scan:
        np.testing.assert_array_equal(scan.read(), GREY)


def test_a_tinted_scale_that_rises_leaves_its_indices(tmp_path):
    levels = np.arange(256) * 257
    with open_scan(tiff(tmp_path / "a.tif", GREY, [levels, levels // 2, levels // 3])) as scan:
        np.testing.assert_array_equal(scan.read(), GREY)
        assert find_scan_field_of_view(scan).slab(0, DEPTH).any()


@pytest.mark.parametrize("write", [tiff, pngs])
def test_colours_are_read_as_classes_and_refused_as_a_scan(tmp_path, write):
    colours = np.random.default_rng(3).integers(0, 256, (3, 256))
    whole = tmp_path / "fov.tif"
    tifffile.imwrite(whole, np.ones_like(GREY), photometric="minisblack")
    with open_scan(write(tmp_path / "a.tif", GREY, colours)) as scan:
        np.testing.assert_array_equal(scan.read(), GREY)
        with pytest.raises(ScanError, match=r"a\.tif holds indices into a palette of colours"):
            find_scan_field_of_view(scan)
        with pytest.raises(ScanError, match=r"a\.tif holds indices"):
            measure_scan_intensity(scan, find_scan_field_of_view(scan, whole))


def test_slices_that_number_colours_differently_are_refused(tmp_path):
    for z, page in enumerate(GREY % 3):
        tiff(tmp_path / f"s{z}.tif", page, np.random.default_rng(z).integers(0, 65536, (3, 256)))
    with pytest.raises(ScanError, match="palettes of their own"):
        open_scan(tmp_path)


def test_pages_with_palettes_of_their_own_are_refused(tmp_path):
    with tifffile.TiffWriter(tmp_path / "a.tif") as tif:
        for z, page in enumerate(GREY):
            scale = np.random.default_rng(z).permutation(256) * 257
            tif.write(page, photometric="palette", colormap=np.stack([scale] * 3).astype(np.uint16), metadata=None)
    with pytest.raises(ScanError, match=r"a\.tif: page 1 has another palette than page 0"):
        open_scan(tmp_path / "a.tif")


def test_few_greys_are_labels(tmp_path):
    greys = np.zeros(256, int)
    greys[:3] = [65535, 0, 32768]
    with open_scan(tiff(tmp_path / "a.tif", GREY % 3, [greys] * 3)) as scan:
        np.testing.assert_array_equal(scan.read(), GREY % 3)
