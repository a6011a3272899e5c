"""NumPy arrays, by windows through their memory map."""

import numpy as np
import pytest

from synfine_monai.errors import ScanError
from synfine_monai.scans import labels_path, open_scan

VOLUME = np.random.default_rng(1).integers(0, 60_000, (5, 7, 6)).astype(np.uint16)


@pytest.mark.parametrize("stored", [
    VOLUME, np.asfortranarray(VOLUME),
    VOLUME.astype(">u2"), VOLUME.astype(np.float32), VOLUME[None], VOLUME > 99])  # fmt: skip
def test_is_read_by_windows(tmp_path, stored):
    np.save(tmp_path / "core.npy", stored)
    with open_scan(tmp_path / "core.npy") as scan:
        assert (scan.shape, scan.voxel_size_um, scan.info.format) == (VOLUME.shape, None, "npy")
        np.testing.assert_array_equal(scan.read(), np.load(tmp_path / "core.npy").reshape(VOLUME.shape))
        np.testing.assert_array_equal(scan.read(1, 3), stored.reshape(VOLUME.shape)[1:3])
        assert labels_path(scan.info, tmp_path) == tmp_path / "core_labels.tif"


def test_an_image_is_one_slice(tmp_path):
    np.save(tmp_path / "core.npy", VOLUME[0])
    assert open_scan(tmp_path / "core.npy").shape == (1, 7, 6)


@pytest.mark.parametrize(("stored", "words"), [
    (np.zeros((2, 3, 4, 5)), "2×3×4×5 numbers"), (np.zeros(4), "array of 4 numbers"),
    (np.zeros((2, 3, 4), complex), "complex128 numbers"),
    (np.array([[[{}]]], object), "cannot be read as npy")])  # fmt: skip
def test_what_is_no_scan_is_refused(tmp_path, stored, words):
    np.save(tmp_path / "core.npy", stored, allow_pickle=True)
    with pytest.raises(ScanError, match=words):
        open_scan(tmp_path / "core.npy")


def test_a_file_cut_short_is_one_sentence(tmp_path):
    np.save(tmp_path / "core.npy", VOLUME)
    content = (tmp_path / "core.npy").read_bytes()
    (tmp_path / "core.npy").write_bytes(content[:-40])
    with pytest.raises(ScanError, match=r"core\.npy cannot be read as npy, it is cut short or damaged"):
        open_scan(tmp_path / "core.npy")
