"""``dask_inference.yaml`` merges over ``inference.yaml``; many processes write what one does."""

import os
import subprocess
import sys

import pytest
from monai.bundle import ConfigParser
from tiny_core import CONFIGS, make_core, quiet_environment, write_tiff

FILES = [str(CONFIGS / "inference.yaml"), str(CONFIGS / "dask_inference.yaml")]


def test_the_merged_verb_shares_out_what_inference_would_do():
    parser = ConfigParser()
    parser.read_config(FILES)
    assert parser["run"] == ["$@chunks.run()"]
    assert parser["opened_scan"]["_target_"].endswith("open_scan")
    assert "absolute_path" in parser["opened_scan"]["path"]
    assert "check_options" in parser["initialize"][1]
    assert "dask_inference.yaml" in parser["initialize"][1]


@pytest.mark.slow
def test_two_processes_write_the_same_bytes(pretrained, tmp_path):
    write_tiff(tmp_path / "core.tif", make_core((24, 96, 96))[0])
    options = {"scan": "core.tif", "checkpoint": pretrained, "slab_voxels": 4 * 96 * 96, "precision": "float32"}
    for name, files, more in (("one", FILES[0], {}), ("two", str(FILES), {"workers": 2, "threads": 1})):
        given = {**options, **more, "output_dir": tmp_path / name}
        words = [part for option, value in given.items() for part in (f"--{option}", str(value))]
        command = [sys.executable, "-m", "monai.bundle", "run", "--config_file", files, *words]
        subprocess.run(command, env=quiet_environment(), cwd=tmp_path, check=True)
    assert sorted(os.listdir(tmp_path / "one")) == sorted(os.listdir(tmp_path / "two"))
    for name in ("core_labels.tif", "core_porosity.csv", "core_porosity.json"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()
