"""What labels in Zarr are to another reader."""

import json
import warnings

import numpy as np
import pytest
from zarr_stores import RNG, SIZE, VOLUME, chunk_files, ome, plain, zarr

from synfine_monai.errors import ScanError
from synfine_monai.scans import create_scan, labels_path, new_scan_info, open_scan


def written(path, volume, like=None, slab=5, channels=None):
    like = like or new_scan_info(path, volume.shape[-3:], volume.dtype, SIZE)
    with create_scan(path, like, volume.dtype, channels) as sink:
        for start in range(0, volume.shape[-3], slab):
            sink.write(volume[..., start : start + slab, :, :])
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
    for name, volume, channels in [
        ("grey", VOLUME, None),
        ("p", RNG.random((3, 4, 300, 8), dtype=np.float32), 3),
        ("u", RNG.integers(0, 255, (4, 300, 8), dtype=np.uint8), None),
    ]:
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


@pytest.mark.parametrize(
    ("name", "extension", "expected"),
    [
        ("core.zarr", None, "core_labels.zarr"),
        ("core.OME.ZARR", None, "core_labels.OME.ZARR"),
        ("core_2.5um", None, "core_2.5um_labels.ome.zarr"),
        ("core.zarr", ".tif", "core_labels.tif"),
        ("core.zarr", ".raw", "core_labels_18x20x12_uint8.raw"),
    ],
)
def test_names_of_labels(tmp_path, name, extension, expected):
    path = labels_path(open_scan(plain(tmp_path / name)).info, tmp_path / "out", extension=extension)
    assert path == tmp_path / "out" / expected
