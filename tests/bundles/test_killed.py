"""A run that is killed (SIGKILL) and started again by the same command ends as if it had never been disturbed."""

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from tiny_core import CONFIGS, make_core, quiet_environment, write_tiff

pytestmark = pytest.mark.slow
PATIENCE = 300.0  # seconds until something must have appeared, on a machine that is busy with other things


def command(verb: str, output_dir: Path, **options: object) -> list[str]:
    given = [
        part for name, value in {"output_dir": output_dir, **options}.items() for part in (f"--{name}", str(value))
    ]
    return [sys.executable, "-m", "monai.bundle", "run", "--config_file", str(CONFIGS / f"{verb}.yaml"), *given]


def run(words: list[str]) -> None:
    subprocess.run(words, env=quiet_environment(), check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def run_and_kill(words: list[str], far_enough: Callable[[], bool]) -> None:
    """Start a command and kill it, workers and all, as soon as it is far enough."""
    process = subprocess.Popen(words, env=quiet_environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    limit = time.monotonic() + PATIENCE
    try:
        while not far_enough():
            assert process.poll() is None, "the run ended before it could be killed"
            assert time.monotonic() < limit, "the run never got that far"
            time.sleep(0.005)
    finally:
        process.kill()
        process.wait()


def test_a_killed_pretraining_goes_on_to_the_same_weights(tmp_path):
    options = {"pairs": 64, "epochs": 40, "steps_per_epoch": 3, "batch_size": 8}
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    run(command("train", whole, **options))
    words = command("train", killed, **options)
    run_and_kill(words, lambda: any(killed.glob("checkpoints/train/*.pt")))
    assert not (killed / "model.pt").exists()
    run(words)
    expected = torch.load(whole / "model.pt", weights_only=True)
    found = torch.load(killed / "model.pt", weights_only=True)
    assert expected.keys() == found.keys()
    assert [name for name in expected if not torch.equal(expected[name], found[name])] == []


def test_a_killed_finetuning_goes_on_to_the_same_weights(sample, pretrained, tmp_path):
    options = {
        "datalist": sample.datalist,
        "checkpoint": pretrained,
        "min_steps": 250,
        "min_epochs": 1,
        "baselines": False,
    }
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    run(command("finetune", whole, **options))
    words = command("finetune", killed, **options)
    run_and_kill(words, lambda: any(killed.glob("checkpoints/finetune/*.pt")))
    assert not (killed / "model.pt").exists()
    run(words)
    expected = torch.load(whole / "model.pt", weights_only=True)
    found = torch.load(killed / "model.pt", weights_only=True)
    assert [name for name in expected if not torch.equal(expected[name], found[name])] == []


def test_a_killed_inference_ends_with_the_same_labels(pretrained, tmp_path):
    scan = write_tiff(tmp_path / "long.tif", make_core((64, 384, 384))[0])
    options = {"scan": scan, "checkpoint": pretrained, "slab_voxels": 384 * 384}
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    run(command("inference", whole, **options))
    words = command("inference", killed, **options)
    run_and_kill(words, lambda: any(file.stat().st_size for file in killed.glob(".long_labels*")))
    assert not (killed / "long_labels.tif").exists()
    run(words)
    assert (killed / "long_labels.tif").read_bytes() == (whole / "long_labels.tif").read_bytes()
    assert (killed / "long_porosity.csv").read_bytes() == (whole / "long_porosity.csv").read_bytes()
    assert sorted(f.name for f in killed.glob(".long*")) == []
