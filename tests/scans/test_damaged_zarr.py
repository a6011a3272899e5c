"""Stores that are damaged, and chunks that were left out."""

import sys

import numpy as np
import pytest
from zarr_stores import VOLUME, chunk_files, ome, plain

from synfine_monai.errors import ScanError
from synfine_monai.scans import create_scan, new_scan_info, open_scan


@pytest.mark.parametrize("zarr_format", [2, 3])
def test_a_chunk_that_is_cut_short(tmp_path, zarr_format):
    path = plain(tmp_path / "core.zarr", zarr_format=zarr_format)
    file = chunk_files(path)[4]
    file.write_bytes(file.read_bytes()[:-20])
    with open_scan(path) as scan, pytest.raises(ScanError, match=r"core\.zarr: slices 0 to 11 cannot be read.*damaged"):
        scan.read()


@pytest.mark.parametrize("zarr_format", [2, 3])
@pytest.mark.parametrize(
    ("lost", "words"),
    [
        ([(1, 1, 1)], "1 of the 9 chunks of slices 4 to 7 is missing"),
        ([(2, 0, 0)], "1 of the 9 chunks of slices 8 to 11 is missing"),
        ([(0, 1, 1), (0, 1, 2)], "2 of the 9 chunks of slices 0 to 3 are missing"),
        ([(2, y, x) for y in range(3) for x in range(3)], "9 of the 9 chunks of slices 8 to 11 are missing"),
        ([(z, y, x) for z in range(3) for y in range(3) for x in range(3)], "none of its 27 chunks is there"),
    ],
)
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
