"""Slices as BMP, PNG and JPEG, as SkyScan and others write them: previews are left out and said, logs give the size."""

import logging

import imageio.v3 as imageio
import numpy as np
import pytest
import tifffile
from PIL import Image

from synfine_monai.errors import ScanError
from synfine_monai.scans import create_scan, labels_path, open_scan, scan as scan_file

RNG = np.random.default_rng(11)
SMOOTH = np.add.outer(np.arange(5) * 4, np.add.outer(np.arange(24), np.arange(32) * 3)).astype(np.uint8)
VOLUMES = {
    ".bmp": SMOOTH,
    ".png": SMOOTH.astype(np.uint16) * 257 - 5,
    ".tif": RNG.integers(0, 256, SMOOTH.shape).astype(np.uint8),
    ".BMP": RNG.integers(0, 256, SMOOTH.shape).astype(np.uint8),
}
LOG = """[System]
Scanner=SkyScan1272
[Acquisition]
Camera Pixel Size (um)=7.4
Image Pixel Size (um)=2.5
[Reconstruction]
Pixel Size (um)=5.000000
Result Image Width (pixels)={width}
Result Image Height (pixels)=24
Section to Section Step={step}
"""


@pytest.fixture(autouse=True)
def _every_note_anew():
    scan_file._log_once.cache_clear()


def folder_of(tmp_path, ending, step=1, width=32):
    folder = tmp_path / "core_Rec"
    folder.mkdir()
    for z, page in enumerate(VOLUMES[ending]):
        Image.fromarray(page).save(folder / f"core_rec{z:08d}{ending}")
    Image.fromarray(VOLUMES[ending][0, ::2, ::2]).save(folder / f"core_rec_spr{ending}")
    (folder / "core_rec.log").write_text(LOG.format(step=step, width=width))
    return folder


@pytest.mark.parametrize("ending", VOLUMES)
def test_as_another_reader_reads_it_with_the_size_of_the_log(tmp_path, ending, caplog):
    folder = folder_of(tmp_path, ending, step=2)
    files = sorted(folder.glob(f"core_rec0*{ending}"))
    with caplog.at_level(logging.WARNING), open_scan(folder) as scan:
        assert scan.voxel_size_um == (10.0, 5.0, 5.0)
        assert scan.info.voxel_size_from == "core_rec.log (SkyScan)"
        assert scan.dtype == VOLUMES[ending].dtype
        np.testing.assert_array_equal(scan.read(), [imageio.imread(file) for file in files])
        np.testing.assert_array_equal(scan.read(1, 3), VOLUMES[ending][1:3])
        labels = labels_path(scan.info, tmp_path)
        with create_scan(labels, scan.info) as sink:
            sink.write(scan.read() > 60)
    assert f"core_rec_spr{ending} left out" in caplog.text
    with open_scan(labels) as written:
        np.testing.assert_array_equal(written.read(), VOLUMES[ending] > 60)
        assert written.voxel_size_um == (10.0, 5.0, 5.0)
    kept = ending if ending == ".tif" else ".tif"
    assert sorted(file.name for file in labels.iterdir()) == [f"core_rec{z:08d}{kept}" for z in range(5)]


def test_a_log_of_other_slices_says_nothing(tmp_path, caplog):
    with caplog.at_level(logging.WARNING), open_scan(folder_of(tmp_path, ".bmp", width=64)) as scan:
        assert scan.voxel_size_um is None
    assert "core_rec.log speaks of slices of 64×24 voxels, but these have 32×24" in caplog.text


def test_logs_that_disagree_say_nothing(tmp_path, caplog):
    folder = folder_of(tmp_path, ".bmp")
    (folder / "core_rec.log").rename(folder / "first.log")
    (folder / "second.log").write_text("Pixel Size (um)=7\n")
    with caplog.at_level(logging.WARNING), open_scan(folder) as scan:
        assert scan.voxel_size_um is None
    assert "first.log says voxels of 5 µm, second.log of 7 µm" in caplog.text


@pytest.mark.parametrize("ending", [".jpg", ".jpeg"])
def test_jpeg_with_one_warning(tmp_path, ending, caplog):
    for z, page in enumerate(SMOOTH):
        Image.fromarray(page).convert("RGB" if z == 2 else "L").save(tmp_path / f"s{z}{ending}", quality=95)
    with caplog.at_level(logging.WARNING), open_scan(tmp_path) as scan:
        assert np.abs(scan.read().astype(int) - SMOOTH).max() <= 4
    assert caplog.text.count("\n") == 1
    assert "JPEG has changed its grey levels" in caplog.text


def test_a_bmps_palette_and_equal_channels_are_grey_levels(tmp_path):
    inverted = Image.fromarray(255 - SMOOTH[0])
    inverted.putpalette([255 - n for n in range(256) for _ in range(3)])
    inverted.save(tmp_path / "s0.bmp")
    Image.fromarray(SMOOTH[1]).convert("RGB").save(tmp_path / "s1.bmp")
    with open_scan(tmp_path) as scan:
        np.testing.assert_array_equal(scan.read(), SMOOTH[:2])


def test_colours_are_refused(tmp_path):
    for z, page in enumerate(SMOOTH):
        Image.fromarray(np.stack([page, page, page // 2], -1)).save(tmp_path / f"s{z}.bmp")
    with open_scan(tmp_path) as scan, pytest.raises(ScanError, match=r"s1\.bmp is a colour image"):
        scan.read(1, 2)


def test_a_slice_that_is_cut_short_is_named(tmp_path):
    folder = folder_of(tmp_path, ".bmp")
    file = folder / "core_rec00000003.bmp"
    file.write_bytes(file.read_bytes()[:-40])
    with open_scan(folder) as scan, pytest.raises(ScanError, match=r"core_rec00000003\.bmp.* cut short or damaged"):
        scan.read()


def test_a_cropped_slice_is_refused_and_no_preview(tmp_path):
    folder = folder_of(tmp_path, ".png")
    Image.fromarray(VOLUMES[".png"][2, :9]).save(folder / "core_rec00000002.png")
    with pytest.raises(ScanError, match=r"core_rec00000002\.png is 32×9 uint16"):
        open_scan(folder)


def test_a_mask_of_the_slices_size_is_no_preview(tmp_path):
    folder = folder_of(tmp_path, ".bmp")
    Image.fromarray(SMOOTH[0]).save(folder / "mask.bmp")
    with pytest.raises(ScanError, match=r"mask\.bmp and core_rec00000000\.bmp differ in more than a number"):
        open_scan(folder)


def test_two_scans_of_two_kinds_are_refused(tmp_path):
    folder = folder_of(tmp_path, ".bmp")
    for z in range(4):
        tifffile.imwrite(folder / f"core_rec{z:08d}.tif", SMOOTH[z])
    with pytest.raises(ScanError, match=r"holds 5 slices \.bmp and 4 slices \.tif"):
        open_scan(folder)
