"""Voxel sizes, and sizes and types of headerless volumes, out of what instruments write beside a scan."""

import numpy as np
import pytest
import tifffile

from synfine_monai.scans import labels_path, open_scan
from synfine_monai.scans.scan_logs import logs_beside

VOLUME = np.arange(3 * 4 * 5, dtype=np.float32).reshape(3, 4, 5)
LOGS = {
    "core.log": ("[Reconstruction]\nPixel Size (um)=5.000000\nSection to Section Step=2\n", (10, 5, 5)),
    "core.vgi": ("{volume1}\n[representation]\nsize = 5 4 3\ndatatype = float\nbitsperelement = 32\n[file1]\n"
                 "HeaderSize = 0\n{primitive1}\n[geometry]\nresolution = 0.005 0.006 0.007\nunit = mm\n", (7, 6, 5)),
    "core.xtekct": ("[XTekCT]\nVoxelsX=5\nVoxelsY=4\nVoxelsZ=3\nVoxelSizeX=0.005\nVoxelSizeY=0.005\nVoxelSizeZ=0.006\n",
                    (6, 5, 5)),
    "core.pca": ("[General]\nVersion=2\n[Geometry]\nMagnification=40.0\nVoxelSizeX=0.0050000\nVoxelSizeY=0.0050000\n",
                 (5, 5, 5)),
    "core.pcr": ("[VolumeData]\nVolume_SizeX=5\nVolume_SizeY=4\nVolume_SizeZ=3\nVoxelSizeRec=0.0051\n", (5.1,) * 3),
    "core.vol.info": ("! PyHST_SLAVE VOLUME INFO FILE\nNUM_X =  5\nNUM_Y =  4\nNUM_Z =  3\nvoxelSize =  5.060000\n"
                      "BYTEORDER = LOWBYTEFIRST\n", (5.06, 5.06, 5.06)),
    "core.txt": ("Sample: rock\nVoltage (kV): 80\nPixel Size (um): 2.2140\n", (2.214,) * 3),
    "core_.txt": ("Pixel size: 2.2 µm\n", None),
}  # fmt: skip


@pytest.mark.parametrize("name", LOGS)
def test_a_log_of_the_scans_name_says_its_voxel_size(tmp_path, name):
    text, size = LOGS[name]
    (tmp_path / name).write_text(text, encoding="utf-8")
    scan = tmp_path / ("core.vol" if name == "core.vol.info" else "core.tif")
    tifffile.imwrite(tmp_path / "core.tif", VOLUME, photometric="minisblack")
    if scan.suffix == ".vol":
        VOLUME.tofile(scan)
    with open_scan(scan) as opened:
        assert opened.voxel_size_um == size
        assert opened.info.voxel_size_from.startswith(name if size else "")
        np.testing.assert_array_equal(opened.read(), VOLUME)


@pytest.mark.parametrize("name", ["core.vgi", "core.xtekct", "core.vol.info"])
def test_a_volume_without_a_header_is_described_by_its_log(tmp_path, name):
    (tmp_path / name).write_text(LOGS[name][0], encoding="utf-8")
    VOLUME.tofile(tmp_path / "core.vol")
    with open_scan(tmp_path / "core.vol") as scan:
        np.testing.assert_array_equal(scan.read(), VOLUME)
        assert labels_path(scan.info, tmp_path).name.startswith("core_labels_5x4x3_uint8_")
        assert labels_path(scan.info, tmp_path).suffix == ".raw"


def test_big_endian_of_esrf_and_the_users_word(tmp_path):
    (tmp_path / "core.vol.info").write_text(LOGS["core.vol.info"][0].replace("LOWBYTE", "HIGHBYTE"))
    VOLUME.astype(">f4").tofile(tmp_path / "core.vol")
    with open_scan(tmp_path / "core.vol", voxel_size_um=3) as scan:
        np.testing.assert_array_equal(scan.read(), VOLUME)
        assert scan.voxel_size_um == (3.0, 3.0, 3.0)
        assert scan.info.voxel_size_from == "--voxel_size_um"


def test_what_the_file_says_itself_comes_first(tmp_path):
    (tmp_path / "core.log").write_text("Pixel Size (um)=9\n")
    tifffile.imwrite(tmp_path / "core.tif", VOLUME, imagej=True, resolution=(1 / 6, 1 / 6),
                     metadata={"unit": "um", "spacing": 6.0, "axes": "ZYX"})  # fmt: skip
    assert open_scan(tmp_path / "core.tif").voxel_size_um == (6.0, 6.0, 6.0)


@pytest.mark.parametrize(
    "text", ["", "Pixel Size (um)=\n", "Pixel Size (um)=none\n", "Pixel Size (um)=-4\n", "Pixel Size (um)=0\n"]
)
def test_a_log_without_a_size_says_nothing(tmp_path, text):
    (tmp_path / "core.log").write_text(text)
    tifffile.imwrite(tmp_path / "core.tif", VOLUME, photometric="minisblack")
    assert open_scan(tmp_path / "core.tif").voxel_size_um is None


def test_the_log_of_another_scan_is_not_taken(tmp_path):
    (tmp_path / "core2.log").write_text("Pixel Size (um)=9\n")
    assert logs_beside(tmp_path / "core.tif") == []


def test_a_folder_or_log_that_may_not_be_read_says_nothing(tmp_path, monkeypatch):
    tifffile.imwrite(tmp_path / "core.tif", VOLUME, photometric="minisblack")
    (tmp_path / "core.log").symlink_to("nowhere.log")
    assert open_scan(tmp_path / "core.tif").voxel_size_um is None

    def refuse(folder):
        raise PermissionError(13, "Permission denied", str(folder))

    monkeypatch.setattr("pathlib.Path.iterdir", refuse)
    with open_scan(tmp_path / "core.tif") as scan:
        np.testing.assert_array_equal(scan.read(), VOLUME)
