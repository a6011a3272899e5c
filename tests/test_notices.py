"""What a run wants looked at is told at its end, whoever said it and whether or not it was logged."""

import logging
import subprocess
import sys

import numpy as np
import pytest
import tifffile

from synfine_monai.notices import forget_notices, gather_notices, look_at, notices, tell_notices


@pytest.fixture(autouse=True)
def begin():
    gather_notices()
    yield
    forget_notices()


def test_warnings_of_any_room_and_sentences_are_kept_once_in_order(capsys):
    gather_notices()
    log = logging.getLogger("synfine_monai.some_room.some_file")
    log.warning("Voxels of %s are large.", "core.tif")
    look_at("Three slices are\nempty.")
    log.warning("Voxels of core.tif are large.")
    log.info("nothing")
    logging.getLogger("elsewhere").warning("not ours")
    assert notices() == ["Voxels of core.tif are large.", "Three slices are empty."]
    tell_notices()
    assert "\nLook at these:\n- Voxels of core.tif are large.\n- Three slices are empty.\n" in capsys.readouterr().out
    tell_notices()
    assert capsys.readouterr().out == ""


def run(folder, *options):
    command = [sys.executable, "-m", "synfine_monai.command_line", "porosity", *map(str, options)]
    return subprocess.run([*command, "--output_dir", folder], capture_output=True, text=True, check=False, cwd=folder)


@pytest.mark.slow
def test_they_are_the_last_words_of_a_verb_and_none_follow_an_error(tmp_path):
    mask = np.zeros((4, 12, 12), np.uint8)
    mask[:, ::3, ::3] = 255
    tifffile.imwrite(tmp_path / "mask.tif", mask, photometric="minisblack")
    done = run(tmp_path, tmp_path / "mask.tif", "--pore_labels", "[255, 7]")
    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith(
        "Look at these:\n- mask.tif holds no voxel of the pore class 7: its values are 0, 255.\n"
    )
    failed = run(tmp_path, tmp_path / "mask.tif", "--pore_labels", "[255]", "--connectivity", "5")
    assert failed.returncode != 0
    assert "Look at these" not in failed.stdout
