"""A format is one file and one line: opening, creating, labels, messages and the page know what the table holds."""

import re
import subprocess
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
    new_scan_info,
    open_scan,
)

PAGE = Path(__file__).parents[3] / "docs" / "reference" / "file_formats.md"
VOLUME = np.random.default_rng(3).integers(0, 9, (4, 5, 6), dtype=np.uint8)


class PackScan(Scan):
    def __init__(self, path):
        self._volume = np.load(path)
        super().__init__(ScanInfo(path, "pack", self._volume.shape, self._volume.dtype, None))

    def _read(self, start, stop):
        return self._volume[start:stop]


class PackSink(ScanSink):
    def _begin(self):
        self._slabs = []

    def _append(self, slab):
        self._slabs.append(slab)

    def _finish(self):
        with open(self.partial, "wb") as file:
            np.save(file, np.concatenate(self._slabs))

    def _discard(self):
        self._slabs = []


@pytest.fixture
def _pack_format(monkeypatch):
    monkeypatch.setitem(FORMATS, "pack", Format(PackScan, PackSink, (".pck", ".pc.k"), unit="um"))


@pytest.mark.usefixtures("_pack_format")
def test_a_format_is_one_class_and_one_line(tmp_path):
    with open(tmp_path / "core.pck", "wb") as file:
        np.save(file, VOLUME)
    with open_scan(tmp_path / "core.pck", voxel_size_um=2) as scan:
        assert scan.info.format == "pack"
        assert scan.info.layout["unit"] == "um"
        np.testing.assert_array_equal(scan.read(1, 3), VOLUME[1:3])
        path = labels_path(scan.info, tmp_path / "out")
        assert path == tmp_path / "out" / "core_labels.pck"
        with create_scan(path, scan.info) as sink:
            sink.write(VOLUME > 4)
    np.testing.assert_array_equal(np.load(path), VOLUME > 4)
    assert new_scan_info("new.PCK", (1, 2, 3), "uint8").format == "pack"
    assert extension_of("core.pc.k") == ".pc.k"


@pytest.mark.usefixtures("_pack_format")
def test_messages_list_the_new_format(tmp_path):
    (tmp_path / "core.xyz").write_bytes(b"1")
    with pytest.raises(ScanError, match=r"\.raw, .*\.pck, \.pc\.k, or a folder"):
        open_scan(tmp_path / "core.xyz")
    with pytest.raises(ScanError, match=r"not written as png; choose tiff, .*slice_folder, .*pack\.$"):
        create_scan(tmp_path / "core.png", new_scan_info("core.tif", (1, 2, 3), "uint8"))


@pytest.mark.usefixtures("_pack_format")
def test_a_damaged_file_of_the_new_format_is_one_sentence(tmp_path):
    (tmp_path / "core.pck").write_bytes(b"1")
    with pytest.raises(ScanError, match=r"core\.pck cannot be read as pack"):
        open_scan(tmp_path / "core.pck")


@pytest.mark.parametrize("name", FORMATS)
def test_each_line_names_classes_that_are_there(name):
    assert issubclass(FORMATS[name].reader(), Scan)
    assert FORMATS[name].sink is None or issubclass(FORMATS[name].writer(), ScanSink)


def test_an_extension_belongs_to_one_format():
    extensions = [extension for one in FORMATS.values() for extension in one.extensions]
    assert len(extensions) == len(set(extensions))


def test_the_page_names_every_extension_and_no_other():
    rows = re.findall(r"^\| ([^|]+) \| ([^|]*) \|", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    named = {extension for _, column in rows for extension in re.findall(r"`(\.[a-z0-9.]+)`", column)}
    assert named == {extension for one in FORMATS.values() for extension in one.extensions}


def test_the_table_imports_no_library_of_a_format():
    code = (
        "import sys; from synfine_monai.scans import FORMATS; "
        "print({'SimpleITK', 'nibabel', 'zarr', 'h5py', 'tifffile'} & set(sys.modules))"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "set()"
