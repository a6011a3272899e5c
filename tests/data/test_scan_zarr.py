"""Zarr and OME-Zarr as other programs write them, damaged ones, and what the labels are to another reader."""

import json
import sys
import warnings

import numpy as np
import pytest

from synfine_monai.data.scan import create_scan, format_of, labels_path, new_scan_info, open_scan
from synfine_monai.data.scan_reader import ScanReader
from synfine_monai.errors import ScanError

zarr = pytest.importorskip("zarr")

RNG = np.random.default_rng(3)
VOLUME = RNG.integers(1, 60_000, (12, 20, 18), dtype=np.uint16)
CHUNKS = (4, 8, 8)
SIZE = (12.0, 6.0, 5.5)


def plain(path, volume=VOLUME, zarr_format=2, chunks=CHUNKS, **options):
    array = zarr.create_array(str(path), shape=volume.shape, dtype=volume.dtype, zarr_format=zarr_format,
                              chunks=(1,) * (volume.ndim - 3) + tuple(chunks), **options)
    array[...] = volume
    return path


def ome(path, volume=VOLUME, zarr_format=2, axes="zyx", scale=SIZE, unit="micrometer", chunks=CHUNKS, **image):
    """An image of one level, described by hand as the specification has it."""
    kinds = {"t": "time", "c": "channel"}
    named = [{"name": name, "type": kinds.get(name, "space"), **({"unit": unit} if unit and name in "zyx" else {})}
             for name in axes]
    scale = [1.0] * (len(axes) - len(scale)) + list(scale)
    levels = [{"path": "0", "coordinateTransformations": [{"type": "scale", "scale": scale}]}]
    version = "0.5" if zarr_format == 3 else "0.4"
    multiscales = [{"version": version, "axes": named, "datasets": levels, **image}]
    group = zarr.open_group(str(path), mode="w", zarr_format=zarr_format)
    group.attrs.update({"ome": {"version": version, "multiscales": multiscales}} if zarr_format == 3
                       else {"multiscales": multiscales})
    plain(path / "0", volume, zarr_format, chunks)
    return path


@pytest.mark.parametrize("zarr_format", [2, 3])
def test_windows_of_plain_arrays_and_ome_images(tmp_path, zarr_format):
    for path, size in [(plain(tmp_path / "plain.zarr", zarr_format=zarr_format), None),
                       (ome(tmp_path / "core.ome.zarr", zarr_format=zarr_format), SIZE),
                       (ome(tmp_path / "no_extension", zarr_format=zarr_format), SIZE)]:
        assert format_of(path) == "zarr"
        with open_scan(path) as scan:
            assert (scan.shape, scan.dtype, scan.voxel_size_um) == (VOLUME.shape, np.uint16, size)
            for start, stop in [(3, 5), (0, 1), (0, 12), (4, 8), (11, 12), (2, 11)]:
                np.testing.assert_array_equal(scan.read(start, stop), VOLUME[start:stop])


@pytest.mark.parametrize("version", ["0.4", "0.5"])
def test_an_image_by_ome_zarr_itself(tmp_path, version):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from ome_zarr.format import format_from_version
        from ome_zarr.writer import write_image

        write_image(VOLUME, str(tmp_path / "core.ome.zarr"), axes="zyx", fmt=format_from_version(version),
                    scale={"z": 12e3, "y": 6e3, "x": 5.5e3}, axes_units=dict.fromkeys("zyx", "nanometer"),
                    scale_factors=[2])
    with open_scan(tmp_path / "core.ome.zarr") as scan:
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


@pytest.mark.parametrize(("unit", "scale", "size"), [
    ("millimeter", (0.012, 0.006, 0.0055), SIZE), ("nanometer", (12e3, 6e3, 5.5e3), SIZE), (None, SIZE, None),
    ("pixel", SIZE, None), ("micrometer", (0.0, 6.0, 6.0), None)])
def test_units(tmp_path, unit, scale, size):
    assert open_scan(ome(tmp_path / "core.zarr", unit=unit, scale=scale)).voxel_size_um == size


def test_transformations_of_the_level_and_of_the_image_follow_each_other(tmp_path):
    path = ome(tmp_path / "core.zarr", scale=(2.0, 1.0, 1.0),
               coordinateTransformations=[{"type": "scale", "scale": [6.0, 6.0, 5.5]},
                                          {"type": "translation", "translation": [30.0, 20.0, 10.0]}])
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


@pytest.mark.parametrize(("volume", "axes", "words"), [
    (np.stack([VOLUME] * 2), "czyx", "core.zarr/0 has 2 channels"), (np.stack([VOLUME] * 3), "tzyx", "3 time points"),
    (VOLUME, "xyz", "axes in the order x, y, z; a scan is stored as z, y, x"),
    (VOLUME.astype(np.complex64), "zyx", "complex64 numbers")])
def test_refuses_what_is_no_grey_level_volume(tmp_path, volume, axes, words):
    with pytest.raises(ScanError, match=words):
        open_scan(ome(tmp_path / "core.zarr", volume, axes=axes))


@pytest.mark.parametrize(("volume", "words"), [
    (np.stack([VOLUME] * 2), r"core\.zarr has the shape 2×12×20×18"),
    (RNG.integers(1, 9, (20, 30, 3), dtype=np.uint8), r"core\.zarr of shape 20×30×3 is a colour image"),
    (VOLUME[0, 0], r"core\.zarr has the shape 18")])
def test_refuses_arrays_that_cannot_be_a_scan(tmp_path, volume, words):
    with pytest.raises(ScanError, match=words):
        open_scan(plain(tmp_path / "core.zarr", volume, chunks=CHUNKS[:min(3, volume.ndim)]))


def test_names_of_dimensions_count(tmp_path):
    path = plain(tmp_path / "core.zarr", zarr_format=3, dimension_names=["x", "y", "z"])
    with pytest.raises(ScanError, match="in the order x, y, z"):
        open_scan(path)
    assert open_scan(plain(tmp_path / "b.zarr", zarr_format=3, dimension_names=["a", "b", "c"])).shape == VOLUME.shape


# damaged stores

def chunk_files(path):
    return sorted(file for file in path.rglob("*") if file.is_file() and file.name[0].isdigit())


@pytest.mark.parametrize("zarr_format", [2, 3])
def test_a_chunk_that_is_cut_short(tmp_path, zarr_format):
    path = plain(tmp_path / "core.zarr", zarr_format=zarr_format)
    file = chunk_files(path)[4]
    file.write_bytes(file.read_bytes()[:-20])
    with open_scan(path) as scan, pytest.raises(ScanError, match=r"core\.zarr: slices 0 to 11 cannot be read.*damaged"):
        scan.read()


@pytest.mark.parametrize("zarr_format", [2, 3])
@pytest.mark.parametrize(("lost", "words"), [
    ([(1, 1, 1)], "1 of the 9 chunks of slices 4 to 7 is missing"),
    ([(2, 0, 0)], "1 of the 9 chunks of slices 8 to 11 is missing"),
    ([(0, 1, 1), (0, 1, 2)], "2 of the 9 chunks of slices 0 to 3 are missing"),
    ([(2, y, x) for y in range(3) for x in range(3)], "9 of the 9 chunks of slices 8 to 11 are missing"),
    ([(z, y, x) for z in range(3) for y in range(3) for x in range(3)], "none of its 27 chunks is there")])
def test_chunks_that_are_lost(tmp_path, zarr_format, lost, words):
    path = plain(tmp_path / "core.zarr", zarr_format=zarr_format)
    for z, y, x in lost:
        (path / (f"{z}.{y}.{x}" if zarr_format == 2 else f"c/{z}/{y}/{x}")).unlink()
    with pytest.raises(ScanError, match=words):
        open_scan(path).read()


def test_chunks_that_were_left_out_because_they_are_empty(tmp_path):
    volume = VOLUME.copy()
    volume[:, :9, :9] = 0  # a corner beside the core, larger than a chunk
    volume[7:] = 0
    path = plain(tmp_path / "core.zarr", volume, zarr_format=3)
    assert not (path / "c/0/0/0").exists()
    assert not (path / "c/2").exists()
    np.testing.assert_array_equal(open_scan(path).read(), volume)


def test_damaged_metadata(tmp_path):
    path = ome(tmp_path / "core.zarr")
    (path / "0" / ".zarray").write_text('{"zarr_format": 2, "shape')
    with pytest.raises(ScanError, match=r"core\.zarr cannot be read as zarr, it is cut short or damaged"):
        open_scan(path)
    (path / "0" / ".zarray").unlink()
    with pytest.raises(ScanError, match=r"core\.zarr lacks its array 0"):
        open_scan(path)
    (tmp_path / "empty.zarr").mkdir()
    with pytest.raises(ScanError, match=r"empty\.zarr is damaged or no Zarr store"):
        open_scan(tmp_path / "empty.zarr")
    (tmp_path / "file.zarr").write_bytes(b"PK")
    with pytest.raises(ScanError, match=r"file\.zarr is a file, and a Zarr store a folder"):
        open_scan(tmp_path / "file.zarr")


def test_without_the_library(tmp_path, monkeypatch):
    path = plain(tmp_path / "core.zarr")
    monkeypatch.setitem(sys.modules, "zarr", None)
    with pytest.raises(ScanError, match=r"core\.zarr needs the library zarr.*pip install 'synfine_monai\[zarr\]'"):
        open_scan(path)
    with pytest.raises(ScanError, match=r"labels\.zarr needs the library zarr"):
        create_scan(tmp_path / "labels.zarr", new_scan_info(tmp_path / "labels.zarr", (1, 2, 3), np.uint8))


def test_monai_reads_it(tmp_path):
    path = ome(tmp_path / "core.ome.zarr")
    reader = ScanReader()
    assert reader.verify_suffix(path)
    volume, meta = reader.get_data(reader.read(path))
    np.testing.assert_array_equal(volume, VOLUME)
    assert meta["voxel_size_um"] == SIZE


# labels, opened by others

def written(path, volume, like=None, slab=5, channels=None):
    like = like or new_scan_info(path, volume.shape[-3:], volume.dtype, SIZE)
    with create_scan(path, like, volume.dtype, channels) as sink:
        for start in range(0, volume.shape[-3], slab):
            sink.write(volume[..., start:start + slab, :, :])
    return path


def read_by_ome_zarr(path):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from ome_zarr.io import parse_url
        from ome_zarr.reader import Label, Reader

        node = next(iter(Reader(parse_url(str(path)))()))
        return node, any(isinstance(spec, Label) for spec in node.specs), [np.asarray(level) for level in node.data]


@pytest.mark.parametrize("zarr_format", [2, 3])
def test_labels_open_in_ome_zarr_with_their_pyramid(tmp_path, zarr_format):
    labels = np.repeat(np.repeat(RNG.integers(0, 4, (7, 150, 10), dtype=np.uint8), 2, 1), 2, 2)
    labels = np.repeat(labels, 2, 0)
    source = ome(tmp_path / "core.ome.zarr", VOLUME, zarr_format)
    like = new_scan_info(tmp_path / "core.ome.zarr", labels.shape, np.uint8, SIZE)
    like = type(like)(**{**vars(like), "layout": open_scan(source).info.layout})
    path = written(tmp_path / "core_labels.ome.zarr", labels, like)
    node, are_labels, levels = read_by_ome_zarr(path)
    assert are_labels
    assert [level.shape for level in levels] == [(14, 300, 20), (7, 150, 10)]
    np.testing.assert_array_equal(levels[0], labels)
    np.testing.assert_array_equal(levels[1], labels[::2, ::2, ::2])  # every block is of one label
    assert [axis["name"] for axis in node.metadata["axes"]] == ["z", "y", "x"]
    assert {axis["unit"] for axis in node.metadata["axes"]} == {"micrometer"}
    first, second = node.metadata["coordinateTransformations"]
    assert first[0]["scale"] == list(SIZE)
    assert second[0]["scale"] == [2 * size for size in SIZE]
    assert second[1]["translation"] == [size / 2 for size in SIZE]
    assert (path / "zarr.json").is_file() == (zarr_format == 3)


@pytest.mark.parametrize("version", ["0.4", "0.5"])
def test_the_metadata_are_valid(tmp_path, version):
    models = pytest.importorskip("ome_zarr_models")
    like = new_scan_info(tmp_path / "a.ome.zarr", VOLUME.shape, np.uint8, SIZE)
    like = type(like)(**{**vars(like), "layout": {"unit": "um", "version": version}})
    path = written(tmp_path / "a.ome.zarr", (VOLUME % 3).astype(np.uint8), like)
    image = models.open_ome_zarr(zarr.open_group(str(path), mode="r"))
    assert image.ome_zarr_version == version
    plain_text = json.dumps(image.attributes.model_dump(mode="json"))
    assert "micrometer" in plain_text


def test_grey_levels_and_probabilities_are_no_labels(tmp_path):
    for name, volume, channels in [("grey", VOLUME, None), ("p", RNG.random((3, 4, 300, 8), dtype=np.float32), 3),
                                   ("u", RNG.integers(0, 255, (4, 300, 8), dtype=np.uint8), None)]:
        path = written(tmp_path / f"{name}.ome.zarr", volume, channels=channels)
        _, are_labels, levels = read_by_ome_zarr(path)
        assert not are_labels
        np.testing.assert_array_equal(levels[0], volume)
        for level in levels[1:]:
            blocks = volume.reshape(*volume.shape[:-3], 2, 2, 150, 2, 4, 2).astype(float)
            np.testing.assert_allclose(level, blocks.mean((-5, -3, -1)), atol=0.5 if volume.dtype == np.uint8 else 1e-6)


def test_every_chunk_is_written_and_suits_slabs(tmp_path):
    path = written(tmp_path / "empty.ome.zarr", np.zeros((70, 300, 20), np.uint8))
    array = zarr.open_array(str(path / "0"), mode="r")
    assert array.chunks == (64, 256, 20)
    assert len(chunk_files(path / "0")) == 4
    (path / "0" / "1" / "1" / "0").unlink()
    assert open_scan(path).read().max() == 0  # all around it is 0 as well


def test_another_folder_is_not_replaced(tmp_path):
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "a.txt").touch()
    path = plain(tmp_path / "core.zarr")
    with open_scan(path) as scan:
        (tmp_path / "labels.zarr").write_text("a file")
        with pytest.raises(ScanError, match="exists and is no Zarr store"):
            create_scan(tmp_path / "labels.zarr", scan.info)
        with pytest.raises(ScanError, match="is the scan itself"):
            create_scan(path, scan.info)


@pytest.mark.parametrize(("name", "extension", "expected"), [
    ("core.zarr", None, "core_labels.zarr"), ("core.OME.ZARR", None, "core_labels.OME.ZARR"),
    ("core_2.5um", None, "core_2.5um_labels.ome.zarr"), ("core.zarr", ".tif", "core_labels.tif"),
    ("core.zarr", ".raw", "core_labels_18x20x12_uint8.raw")])
def test_names_of_labels(tmp_path, name, extension, expected):
    path = labels_path(open_scan(plain(tmp_path / name)).info, tmp_path / "out", extension=extension)
    assert path == tmp_path / "out" / expected
