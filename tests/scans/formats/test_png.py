import numpy as np
import pytest
from PIL import Image

from synfine_monai.errors import ScanError
from synfine_monai.scans import create_scan, labels_path, open_scan

GREY = np.random.default_rng(0).integers(0, 256, (9, 7)).astype(np.uint8)


def indexed(values):
    image = Image.fromarray(values)
    image.putpalette(np.random.default_rng(1).integers(0, 256, 768).astype(np.uint8).tobytes())
    return image


IMAGES = {
    "8 bit": (Image.fromarray(GREY), GREY),
    "16 bit": (Image.fromarray(GREY.astype(np.uint16) * 257), GREY.astype(np.uint16) * 257),
    "mask": (Image.fromarray(GREY > 99), (GREY > 99).astype(np.uint8)),
    "indices of a palette": (indexed(GREY), GREY),
    "few indices of a palette": (indexed(GREY % 3), GREY % 3),
}


@pytest.mark.parametrize("kind", IMAGES)
def test_values_are_read_as_they_are(tmp_path, kind):
    image, values = IMAGES[kind]
    image.save(tmp_path / "core.png", dpi=(96, 96))
    with open_scan(tmp_path / "core.png") as scan:
        assert (scan.shape, scan.dtype, scan.voxel_size_um) == ((1, 9, 7), values.dtype, None)
        np.testing.assert_array_equal(scan.read(), values[None])
        assert scan.read(1, 1).shape == (0, 9, 7)


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "LA"])
def test_refuses_colours_and_transparency(tmp_path, mode):
    Image.fromarray(GREY).convert(mode).save(tmp_path / "core.png")
    with pytest.raises(ScanError, match=rf"core\.png is a colour image or has transparency \({mode}\); save it as"):
        open_scan(tmp_path / "core.png")


def test_refuses_what_is_cut_short_or_no_png(tmp_path):
    Image.fromarray(GREY).save(tmp_path / "core.png")
    content = (tmp_path / "core.png").read_bytes()
    (tmp_path / "core.png").write_bytes(content[:-30])
    with pytest.raises(ScanError, match=r"core\.png.* cut short or damaged"):
        open_scan(tmp_path / "core.png").read()
    (tmp_path / "core.png").write_bytes(b"II*\0 garbled")
    with pytest.raises(ScanError, match=r"core\.png cannot be read as png"):
        open_scan(tmp_path / "core.png")


def test_its_labels_are_a_tiff(tmp_path):
    Image.fromarray(GREY).save(tmp_path / "core.png")
    info = open_scan(tmp_path / "core.png").info
    assert labels_path(info, tmp_path) == tmp_path / "core_labels.tif"
    with create_scan(tmp_path / "core_labels.tif", info) as sink:
        sink.write(GREY[None] % 3)
    np.testing.assert_array_equal(open_scan(tmp_path / "core_labels.tif").read(), GREY[None] % 3)
    with pytest.raises(ScanError, match=r"not written as png; choose tiff"):
        create_scan(tmp_path / "labels.png", info)
