"""TIFF of every kind that laboratories and Fiji write."""

import numpy as np
import pytest
import tifffile

from synfine_monai.scans import create_scan, labels_path, new_scan_info, open_scan

VOLUME = np.random.default_rng(3).integers(0, 4000, (9, 12, 10), dtype=np.uint16)
PER_UM = (1 / 6, 1 / 6)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"compression": "lzw"},
        {"compression": "lzw", "predictor": True},
        {"compression": "zlib", "predictor": True},
        {"compression": "zstd"},
        {"tile": (16, 16)},
        {"bigtiff": True},
        {"byteorder": ">"},
        {"rowsperstrip": 5},
        {"byteorder": ">", "bigtiff": True, "compression": "zlib"},
        {"imagej": True},
        {"ome": True},
        {"ome": True, "compression": "zlib", "tile": (16, 16)},
    ],
    ids=str,
)
def test_every_kind_gives_the_same_windows(tmp_path, options):
    path = tmp_path / "core.tif"
    tifffile.imwrite(path, VOLUME, photometric="minisblack", **options)
    with open_scan(path) as scan:
        assert (scan.shape, scan.dtype, scan.voxel_size_um) == (VOLUME.shape, np.uint16, None)
        np.testing.assert_array_equal(scan.read(), VOLUME)
        np.testing.assert_array_equal(scan.read(7, 9), VOLUME[7:])
        np.testing.assert_array_equal(scan.read(2, 5), VOLUME[2:5])
        assert scan.read().dtype.isnative


def test_pages_written_one_by_one(tmp_path):
    path = tmp_path / "core.tif"
    with tifffile.TiffWriter(path) as tif:
        for image in VOLUME:
            tif.write(image, metadata=None, compression="lzw")
    with open_scan(path) as scan:
        np.testing.assert_array_equal(scan.read(), VOLUME)


def test_ome_text_that_describes_no_image_leaves_the_voxel_size_unknown(tmp_path):
    path, text = tmp_path / "core.tif", '<?xml version="1.0"?><OME xmlns="http://www.openmicroscopy.org"></OME>'
    tifffile.imwrite(path, VOLUME, photometric="minisblack", description=text, metadata=None)
    with open_scan(path) as scan:
        assert scan.voxel_size_um is None
        np.testing.assert_array_equal(scan.read(), VOLUME)


TYPES = ["uint8", "int8", "int16", "uint32", "int32", "float16", "float32", "float64", "bool"]


@pytest.mark.parametrize("dtype", TYPES)
def test_types_stay_as_they_are(tmp_path, dtype):
    volume = (VOLUME % 2).astype(dtype)
    tifffile.imwrite(tmp_path / "core.tif", volume, photometric="minisblack")
    with open_scan(tmp_path / "core.tif") as scan:
        assert scan.dtype == (np.uint8 if dtype == "bool" else dtype)
        np.testing.assert_array_equal(scan.read(), volume)


@pytest.mark.parametrize(
    ("unit", "per_unit", "spacing"),
    [
        ("um", 1 / 6, 6.0),
        ("µm", 1 / 6, 6.0),
        ("\\u00B5m", 1 / 6, 6.0),
        ("micron", 1 / 6, 6.0),
        ("microns", 1 / 6, 6.0),
        ("mm", 1 / 0.006, 0.006),
        ("cm", 1 / 0.0006, 0.0006),
        ("nm", 1 / 6000, 6000.0),
        ("inch", 25400 / 6, 6 / 25400),
    ],
)
def test_imagej_units(tmp_path, unit, per_unit, spacing):
    path = tmp_path / "core.tif"
    text = f"ImageJ=1.53t\nimages=9\nslices=9\nunit={unit}\nspacing={spacing}\nloop=false\n"
    text = text.encode("utf-8") if not text.isascii() else text
    tifffile.imwrite(
        path,
        VOLUME,
        photometric="minisblack",
        metadata=None,
        description=text,
        resolution=(per_unit, per_unit),
        resolutionunit="NONE",
    )
    with open_scan(path) as scan:
        assert scan.voxel_size_um == pytest.approx((6.0, 6.0, 6.0), rel=1e-6)


def imagej(path, *, unit="um", spacing: float | None = 6.0, resolution=(1_000_000, 166_667), volume=VOLUME):
    """As ImageJ itself writes it: resolution in millionths, rounded."""
    lines = ["ImageJ=1.53t", f"images={len(volume)}", f"slices={len(volume)}", f"unit={unit}"]
    lines += [f"spacing={spacing}"] if spacing else []
    tifffile.imwrite(
        path,
        volume,
        photometric="minisblack",
        metadata=None,
        description="\n".join(lines) + "\n",
        resolution=(1.0, 1.0),
        resolutionunit="NONE",
    )
    with tifffile.TiffFile(path, mode="r+b") as tif:
        for name in ("XResolution", "YResolution"):
            tif.pages[0].tags[name].overwrite((resolution[1], resolution[0]))


def test_what_imagej_rounds_is_made_whole_again(tmp_path):
    imagej(tmp_path / "core.tif")
    assert open_scan(tmp_path / "core.tif").voxel_size_um == (6.0, 6.0, 6.0)
    imagej(tmp_path / "core.tif", spacing=2.214, resolution=(1_000_000, 451_671))
    assert open_scan(tmp_path / "core.tif").voxel_size_um == (2.214, 2.214, 2.214)


def test_slices_apart_keep_their_distance(tmp_path):
    imagej(tmp_path / "core.tif", spacing=20.0)
    assert open_scan(tmp_path / "core.tif").voxel_size_um == (20.0, 6.0, 6.0)


@pytest.mark.parametrize(
    "said",
    [
        {"unit": "pixel"},
        {"unit": "furlong"},
        {"spacing": None},
        {"spacing": "NaN"},
        {"resolution": (1, 0)},
        {"resolution": (0, 1)},
    ],
)
def test_half_said_is_unknown(tmp_path, said):
    imagej(tmp_path / "core.tif", **said)
    assert open_scan(tmp_path / "core.tif").voxel_size_um is None


def test_a_single_slice_has_cubes(tmp_path):
    imagej(tmp_path / "core.tif", volume=VOLUME[:1], spacing=None)
    assert open_scan(tmp_path / "core.tif").voxel_size_um == (6.0, 6.0, 6.0)


@pytest.mark.parametrize(
    ("resolution", "unit", "size"),
    [
        ((1e4 / 6, 1e4 / 6), "CENTIMETER", (6.0, 6.0, 6.0)),
        ((300, 300), "INCH", None),
        ((72, 72), "INCH", None),
        ((1, 1), "NONE", None),
        ((25400 / 6, 25400 / 6), "INCH", (6.0, 6.0, 6.0)),
        ((1, 1), "CENTIMETER", None),
    ],
)
def test_plain_resolution_is_used_unless_it_is_for_printing(tmp_path, resolution, unit, size):
    tifffile.imwrite(
        tmp_path / "core.tif",
        VOLUME,
        photometric="minisblack",
        metadata=None,
        resolution=resolution,
        resolutionunit=unit,
    )
    found = open_scan(tmp_path / "core.tif").voxel_size_um
    assert found == (None if size is None else pytest.approx(size, rel=1e-6))


@pytest.mark.parametrize(("unit", "size"), [("µm", 6.0), (None, 6.0), ("nm", 6000.0), ("mm", 0.006), ("cm", 0.0006)])
def test_ome_units(tmp_path, unit, size):
    metadata = {"axes": "ZYX"} | {f"PhysicalSize{axis}": size for axis in "XYZ"}
    if unit:
        metadata |= {f"PhysicalSize{axis}Unit": unit for axis in "XYZ"}
    tifffile.imwrite(tmp_path / "core.ome.tif", VOLUME, photometric="minisblack", metadata=metadata)
    assert open_scan(tmp_path / "core.ome.tif").voxel_size_um == pytest.approx((6.0, 6.0, 6.0), rel=1e-9)


def test_ome_in_pixels_is_unknown(tmp_path):
    metadata = {f"PhysicalSize{axis}": 1 for axis in "XYZ"} | {f"PhysicalSize{axis}Unit": "pixel" for axis in "XYZ"}
    tifffile.imwrite(tmp_path / "core.ome.tif", VOLUME, photometric="minisblack", metadata=metadata | {"axes": "ZYX"})
    assert open_scan(tmp_path / "core.ome.tif").voxel_size_um is None


@pytest.mark.parametrize(
    "options",
    [
        {"imagej": True, "metadata": {"unit": "um", "spacing": 6.0, "axes": "ZYX"}},
        {"metadata": {"axes": "ZYX", "PhysicalSizeX": 6.0, "PhysicalSizeY": 6.0, "PhysicalSizeZ": 6.0}, "ome": True},
        {"bigtiff": True},
    ],
)
def test_labels_are_of_the_same_kind(tmp_path, options):
    tifffile.imwrite(tmp_path / "core.tif", VOLUME, photometric="minisblack", resolution=PER_UM, **options)
    with open_scan(tmp_path / "core.tif") as scan:
        path = labels_path(scan.info, tmp_path)
        with create_scan(path, scan.info) as sink:
            sink.write(VOLUME % 3)
        source = scan.info
    with tifffile.TiffFile(path) as tif:
        assert tif.is_ome == (source.layout["kind"] == "ome")
        assert tif.is_imagej == (source.layout["kind"] != "ome")
        assert tif.is_bigtiff == ("bigtiff" in options)
        assert tif.pages[0].compression.name == "ADOBE_DEFLATE"
        np.testing.assert_array_equal(tif.asarray(), VOLUME % 3)
    assert open_scan(path).voxel_size_um == source.voxel_size_um


def test_large_volumes_are_bigtiff(tmp_path, monkeypatch):
    monkeypatch.setattr("synfine_monai.scans.formats.tiff.CLASSIC_LIMIT", VOLUME.size - 1)
    with create_scan(tmp_path / "core.tif", new_scan_info(tmp_path / "core.tif", VOLUME.shape, np.uint8)) as sink:
        sink.write(VOLUME % 3)
    with tifffile.TiffFile(tmp_path / "core.tif") as tif:
        assert tif.is_bigtiff
        np.testing.assert_array_equal(tif.asarray(), VOLUME % 3)


def test_indexed_colours_are_labels(tmp_path):
    labels = (VOLUME % 3).astype(np.uint8)
    colours = np.zeros((3, 256), np.uint16)
    with tifffile.TiffWriter(tmp_path / "core.tif") as tif:
        for image in labels:
            tif.write(image, photometric="palette", colormap=colours, metadata=None)
    with open_scan(tmp_path / "core.tif") as scan:
        np.testing.assert_array_equal(scan.read(), labels)


def test_a_flat_image_stays_flat(tmp_path):
    tifffile.imwrite(tmp_path / "thin section.tif", VOLUME[0])
    with open_scan(tmp_path / "thin section.tif") as scan:
        assert scan.shape == (1, 12, 10)
        with create_scan(tmp_path / "labels.tif", scan.info) as sink:
            sink.write(scan.read() % 2)
    assert tifffile.imread(tmp_path / "labels.tif").shape == (12, 10)


@pytest.mark.parametrize("kind", ["imagej", "ome"])
def test_probabilities_are_channels(tmp_path, kind):
    tifffile.imwrite(tmp_path / "core.tif", VOLUME, photometric="minisblack", **{kind: True})
    probabilities = np.random.default_rng(0).random((2, *VOLUME.shape), dtype=np.float32)
    with create_scan(tmp_path / "p.tif", open_scan(tmp_path / "core.tif").info, np.float32, channels=2) as sink:
        sink.write(probabilities[:, :4])
        sink.write(probabilities[:, 4:])
    with tifffile.TiffFile(tmp_path / "p.tif") as tif:
        assert tif.series[0].axes == "ZCYX"
        np.testing.assert_array_equal(tif.asarray(), np.moveaxis(probabilities, 0, 1))


def test_grey_levels_for_inverted_display_are_read_as_stored_and_said(tmp_path):
    volume = np.arange(24, dtype=np.uint8).reshape(2, 3, 4)
    tifffile.imwrite(tmp_path / "core.tif", volume, photometric="miniswhite")
    with open_scan(tmp_path / "core.tif") as scan:
        np.testing.assert_array_equal(scan.read(), volume)
        assert "read as stored" in scan.info.notes[0]
