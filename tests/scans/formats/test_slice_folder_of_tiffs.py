"""One TIFF a slice: order, gaps, strangers."""

import numpy as np
import pytest
import tifffile

from synfine_monai.errors import ScanError
from synfine_monai.scans import create_scan, labels_path, open_scan

VOLUME = np.random.default_rng(3).integers(0, 4000, (12, 7, 6), dtype=np.uint16)


@pytest.fixture
def folder(tmp_path):
    """Slices 1 to 12 without leading zeros, and what else lies about in such folders."""
    path = tmp_path / "core A"
    path.mkdir()
    for z, image in enumerate(VOLUME, 1):
        tifffile.imwrite(path / f"S-4-X_{z}.tif", image, compression="lzw")
    for name in ("LICENSE.txt", "scan.log", "preview.png", "._S-4-X_1.tif"):
        (path / name).write_text("no slice")
    (path / "flat fields.tif").mkdir()
    return path


def test_natural_order(folder):
    with open_scan(folder) as scan:
        assert (scan.shape, scan.dtype, scan.info.format) == (VOLUME.shape, np.uint16, "slice_folder")
        assert scan.voxel_size_um is None
        np.testing.assert_array_equal(scan.read(), VOLUME)
        np.testing.assert_array_equal(scan.read(8, 11), VOLUME[8:11])


def test_labels_are_a_folder_with_the_same_names(folder, tmp_path):
    with open_scan(folder, voxel_size_um=6) as scan:
        path = labels_path(scan.info, tmp_path)
        assert path == tmp_path / "core A_labels"
        for _ in range(2):  # a second run replaces the first
            with create_scan(path, scan.info) as sink:
                sink.write((VOLUME % 3)[:5])
                sink.write((VOLUME % 3)[5:])
    assert {file.name for file in path.iterdir()} == {f"S-4-X_{z}.tif" for z in range(1, 13)}
    with open_scan(path) as scan:
        np.testing.assert_array_equal(scan.read(), VOLUME % 3)
        assert scan.voxel_size_um == (6.0, 6.0, 6.0)
    assert {file.name for file in tmp_path.iterdir()} == {"core A", "core A_labels"}


def test_probabilities_are_pages(folder, tmp_path):
    probabilities = np.random.default_rng(0).random((2, *VOLUME.shape), dtype=np.float32)
    with create_scan(tmp_path / "p", open_scan(folder).info, np.float32, channels=2) as sink:
        sink.write(probabilities)
    np.testing.assert_array_equal(tifffile.imread(tmp_path / "p" / "S-4-X_3.tif"), probabilities[:, 2])


def test_does_not_replace_a_folder_with_other_things(folder, tmp_path):
    (tmp_path / "labels").mkdir()
    (tmp_path / "labels" / "notes.txt").write_text("precious")
    with pytest.raises(ScanError, match="holds more than slices"):
        create_scan(tmp_path / "labels", open_scan(folder).info)
    assert (tmp_path / "labels" / "notes.txt").read_text() == "precious"


def test_voxel_size_of_the_slices(folder):
    for z, image in enumerate(VOLUME, 1):
        tifffile.imwrite(
            folder / f"S-4-X_{z}.tif", image, imagej=True, resolution=(1 / 6, 1 / 6), metadata={"unit": "um"}
        )
    assert open_scan(folder).voxel_size_um == (6.0, 6.0, 6.0)


def _without(folder, name):
    (folder / name).unlink()


def _with(folder, name, image=VOLUME[0], **options):
    tifffile.imwrite(folder / name, image, **options)


BAD = {
    "gap": (lambda f: _without(f, "S-4-X_7.tif"), r"slice 7 is missing between S-4-X_6\.tif and S-4-X_8\.tif"),
    "wide gap": (lambda f: [_without(f, f"S-4-X_{z}.tif") for z in (4, 5)], r"slices 4 to 5 are missing between"),
    "shape": (lambda f: _with(f, "S-4-X_5.tif", VOLUME[0, :5]), r"X_5\.tif is 6×5 uint16, but S-4-X_1\.tif is 6×7"),
    "type": (lambda f: _with(f, "S-4-X_5.tif", VOLUME[0].astype("uint8")), r"S-4-X_5\.tif is 6×7 uint8"),
    "colour": (lambda f: _with(f, "S-4-X_5.tif", np.zeros((7, 6, 3), "u1"), photometric="rgb"), r"X_5\.tif is a col"),
    "stack": (lambda f: _with(f, "S-4-X_5.tif", VOLUME[:6], photometric="minisblack"), r"S-4-X_5\.tif holds 6 pages"),
    "stranger": (lambda f: _with(f, "mask.tif"), r"mask\.tif and .*differ in more than a number"),
    "two scans": (lambda f: _with(f, "S-5-X_1.tif"), r"differ in 2 numbers"),
    "twice": (lambda f: _with(f, "S-4-X_07.tif"), r"have the same number"),
    "garbled": (lambda f: (f / "S-4-X_5.tif").write_bytes(b"II*\0 garbled"), r"core A/S-4-X_5\.tif cannot be read"),
    "empty": (lambda f: (f / "S-4-X_5.tif").write_bytes(b""), r"core A/S-4-X_5\.tif cannot be read"),
    "cut": (lambda f: (f / "S-4-X_5.tif").write_bytes((f / "S-4-X_5.tif").read_bytes()[:-9]), r"X_5\.tif is cut short"),
    "none": (lambda f: [file.unlink() for file in f.glob("S*.tif")], r"core A holds no slices"),
}


@pytest.mark.parametrize("kind", BAD)
def test_refuses(folder, kind, caplog, capfd):
    spoil, words = BAD[kind]
    spoil(folder)
    with pytest.raises(ScanError, match=words):
        open_scan(folder)
    assert not caplog.records
    assert capfd.readouterr() == ("", "")


def test_names_the_slice_with_bad_voxels(folder):
    volume = VOLUME.astype(np.float32)
    volume[4, 0, :3] = np.nan
    for z, image in enumerate(volume, 1):
        tifffile.imwrite(folder / f"S-4-X_{z}.tif", image)
    with open_scan(folder) as scan, pytest.raises(ScanError, match=r"S-4-X_5\.tif: 3 voxels"):
        scan.read()
