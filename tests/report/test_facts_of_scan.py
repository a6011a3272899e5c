"""``synfine info`` says what is known of a scan beforehand: format, size, source of the voxel size, core, values."""

import subprocess
import sys

import numpy as np
import pytest
import tifffile
from written_scans import saved

from synfine_monai.errors import ScanError
from synfine_monai.notices import gather_notices, notices
from synfine_monai.report import scan_facts
from synfine_monai.scans import open_scan

RNG = np.random.default_rng(4)


def cylinder(depth=20, side=96):
    y, x = np.mgrid[:side, :side] - (side - 1) / 2
    inside = np.broadcast_to(y**2 + x**2 < (0.4 * side) ** 2, (depth, side, side))
    rock = (30_000 + 2_000 * RNG.standard_normal(inside.shape)).astype(np.uint16)
    return np.where(inside, rock, 0).astype(np.uint16), inside


def facts(path, **options):
    with open_scan(path, **options) as scan:
        lines = scan_facts(scan).splitlines()
    assert lines[0] == str(path)
    assert len(lines) <= 10
    return {line[:13].strip(): line[13:] for line in lines[1:]}


def test_a_core_in_its_padding(tmp_path):
    volume, inside = cylinder()
    told = facts(saved(tmp_path / "core #3.tif", volume, (6.0, 5.0, 5.0)))
    assert told["format"] == "TIFF, ImageJ"
    assert told["shape"] == "20 × 96 × 96 voxels (z, y, x), uint16, 0.4 MB"
    assert told["voxel size"] == "6 × 5 × 5 µm (z, y, x), from the file itself"
    assert told["size"] == "0.12 × 0.48 × 0.48 mm"
    assert float(told["core"].split("%")[0]) == pytest.approx(100 * inside.mean(), abs=1)
    assert told["no rock in"] == "no slice"
    assert told["labels' name"] == "core #3_labels.tif"


def test_a_few_voxels_are_not_told_as_none(tmp_path):
    labels = np.zeros((40, 40, 40), np.uint8)
    labels[7, 2, :3] = 2
    told = facts(saved(tmp_path / "drawn.tif", labels))
    assert told["values"] == "0 on 63,997 voxels (100.00%), 2 on 3 voxels (below 0.01%): labels, or a mask"


def test_labels_are_counted_to_the_last_voxel(tmp_path):
    labels = np.zeros((40, 8, 8), np.uint8)
    labels[7, 2, :3] = 2
    told = facts(saved(tmp_path / "drawn.tif", labels))
    assert told["values"] == "0 on 2,557 voxels (99.88%), 2 on 3 voxels (0.12%): labels, or a mask"
    assert told["voxel size"].startswith("unknown")


def test_a_log_a_preview_and_an_empty_end_are_told(tmp_path):
    gather_notices()
    folder = tmp_path / "core_Rec"
    folder.mkdir()
    volume, _ = cylinder(12)
    for z, page in enumerate(volume):
        tifffile.imwrite(folder / f"core_rec{z:04d}.tif", page)
    tifffile.imwrite(folder / "core_rec_spr.tif", volume[0, ::2, ::2])
    (folder / "core_rec.log").write_text("Pixel Size (um)=5\n")
    told = facts(folder)
    assert told["format"].endswith("core_rec0000.tif to core_rec0011.tif")
    assert told["voxel size"] == "5 × 5 × 5 µm (z, y, x), from core_rec.log (SkyScan)"
    assert told["note"] == "core_rec_spr.tif left out: a preview, or another kind of image."
    assert not notices()  # they would be told a second time at the end


def test_a_scan_without_a_core_is_told_as_such(tmp_path):
    told = facts(saved(tmp_path / "core.tif", np.full((3, 20, 20), 7.5, np.float32)))
    assert "constant" in told["core"]


def test_a_wrong_mask_is_refused(tmp_path):
    scan = saved(tmp_path / "core.tif", cylinder()[0])
    mask = saved(tmp_path / "mask.tif", np.ones((1, 9, 9), np.uint8))
    with open_scan(scan) as opened, pytest.raises(ScanError, match=r"mask\.tif is a field of view of 1×9×9"):
        scan_facts(opened, mask)


def test_the_verb_prints_it(tmp_path):
    scan = saved(tmp_path / "core #3.tif", cylinder()[0])
    code = "import sys; from synfine_monai.command_line import main; sys.exit(main())"
    command = [sys.executable, "-c", code, "info", str(scan), "--voxel_size_um", "4"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "voxel size   4 × 4 × 4 µm (z, y, x), from --voxel_size_um" in done.stdout
    assert [file.name for file in tmp_path.iterdir()] == ["core #3.tif"]
