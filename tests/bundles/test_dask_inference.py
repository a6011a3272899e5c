"""``dask_inference.yaml`` merges over ``inference.yaml``; many processes write what one does."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from distributed import LocalCluster
from monai.bundle import ConfigParser
from tiny_core import CONFIGS, make_core, quiet_environment, write_tiff

FILES = [str(CONFIGS / "inference.yaml"), str(CONFIGS / "dask_inference.yaml")]


def segment(checkpoint: Path, folder: Path, name: str, **dask: object) -> str:
    """Segment ``core.tif`` in ``folder`` into its subfolder ``name``, through dask where its options are given."""
    given = {"scan": "core.tif", "checkpoint": checkpoint, "slab_voxels": 4 * 96 * 96, "precision": "float32",
             "engine": "eager", "output_dir": folder / name, **dask}  # fmt: skip
    words = [part for option, value in given.items() for part in (f"--{option}", str(value))]
    command = [sys.executable, "-m", "monai.bundle", "run", "--config_file", str(FILES) if dask else FILES[0], *words]
    done = subprocess.run(
        command, env=quiet_environment(), cwd=folder, check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
    return done.stdout


def same_bytes(first: Path, second: Path) -> None:
    assert sorted(os.listdir(first)) == sorted(os.listdir(second))
    for name in ("core_labels.tif", "core_porosity.csv", "core_porosity.json"):
        assert (first / name).read_bytes() == (second / name).read_bytes()


def test_the_merged_verb_shares_out_what_inference_would_do():
    parser = ConfigParser()
    parser.read_config(FILES)
    verb = ConfigParser.load_config_file(FILES[0])["run"]
    assert parser["run"] == ["$@chunks.run()", *verb[1:]]
    assert parser["opened_scan"]["_target_"].endswith("open_scan")
    assert "absolute_path" in parser["opened_scan"]["path"]
    assert "begin(['inference', 'dask_inference']" in parser["initialize"][0]


@pytest.mark.slow
def test_two_processes_write_the_same_bytes(pretrained, tmp_path):
    write_tiff(tmp_path / "core.tif", make_core((24, 96, 96))[0])
    segment(pretrained, tmp_path, "one")
    segment(pretrained, tmp_path, "two", workers=2, threads=1)
    same_bytes(tmp_path / "one", tmp_path / "two")


@pytest.mark.slow
def test_workers_of_a_scheduler_that_runs_elsewhere_write_the_same_bytes(pretrained, tmp_path):
    """Its workers were started in another working directory, and outlive the verb."""
    write_tiff(tmp_path / "core.tif", make_core((24, 96, 96))[0])
    segment(pretrained, tmp_path, "one")
    with LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None,
                      env={"OMP_NUM_THREADS": "1", "OMP_WAIT_POLICY": "passive"}) as cluster:  # fmt: skip
        said = segment(pretrained, tmp_path, "two", scheduler=cluster.scheduler_address)
        assert f"The workers of {cluster.scheduler_address}" in said
        assert len(cluster.scheduler_info["workers"]) == 2
    same_bytes(tmp_path / "one", tmp_path / "two")
