"""A format is one file and one line of the table; here the file is this test."""

import sys
from pathlib import Path

import numpy as np
import pytest

from synfine_monai.errors import ScanError
from synfine_monai.scans import (
    FORMATS,
    Format,
    Scan,
    ScanInfo,
    ScanSink,
    create_scan,
    extension_of,
    labels_path,
    open_scan,
)

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "file_formats.md"


class TextScan(Scan):
    """Slices of numbers as text, one empty line between them."""

    def __init__(self, path):
        blocks = path.read_text().strip().split("\n\n")
        self.volume = np.array([np.loadtxt(block.splitlines(), ndmin=2) for block in blocks], np.uint8)
        super().__init__(ScanInfo(path, "text", self.volume.shape, self.volume.dtype, None))

    def _read(self, start, stop):
        return self.volume[start:stop]


class TextSink(ScanSink):
    """Writes them."""

    def _begin(self):
        self.blocks = []

    def _append(self, slab):
        self.blocks += ["\n".join(" ".join(map(str, row)) for row in plane) for plane in slab]

    def _finish(self):
        self.partial.write_text("\n\n".join(self.blocks))

    def _discard(self):
        self.blocks = []


@pytest.fixture
def _text(monkeypatch):
    monkeypatch.setitem(sys.modules, "elsewhere.text", sys.modules[__name__])
    monkeypatch.setitem(
        FORMATS, "text", Format("text", (".vox",), "elsewhere.text:TextScan", "elsewhere.text:TextSink")
    )


@pytest.mark.usefixtures("_text")
def test_one_line_makes_a_format_known_everywhere(tmp_path):
    path = tmp_path / "core.vox"
    path.write_text("1 2\n3 4\n\n5 6\n7 8")
    with open_scan(path, voxel_size_um=5) as scan:
        assert scan.info.format == "text"
        assert scan.read().tolist() == [[[1, 2], [3, 4]], [[5, 6], [7, 8]]]
        target = labels_path(scan.info, tmp_path)
        assert target.name == "core_labels.vox"
        with create_scan(target, scan.info) as sink:
            sink.write(scan.read() // 4)
    with open_scan(target) as labels:
        assert labels.read().tolist() == [[[0, 0], [0, 1]], [[1, 1], [1, 2]]]
    assert extension_of("CORE.VOX") == ".VOX"
    with pytest.raises(ScanError, match=r"scans are .*\.vox"):
        open_scan(PAGE)


def test_the_page_names_every_extension():
    told = PAGE.read_text(encoding="utf-8")
    table = "\n".join(line for line in told.splitlines() if line.startswith("|"))
    by_words = {"tiff": "TIFF", "png": "PNG", "zarr": "OME-Zarr", "raw": "raw", "tiff_folder": "folder of TIFFs"}
    for each in FORMATS.values():
        assert all(f"`{end}`" in table for end in each.extensions) or by_words[each.name] in table


def test_only_readable_formats_refuse_to_be_written(tmp_path):
    with pytest.raises(ScanError, match="not written as png; choose tiff, nifti, nrrd, mha, mhd, zarr, hdf5, raw"):
        create_scan(tmp_path / "a.png", ScanInfo(Path("b.tif"), "tiff", (1, 2, 2), np.dtype("uint8"), None))
