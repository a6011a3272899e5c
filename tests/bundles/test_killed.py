"""A run that is killed (SIGKILL) and started again by the same command ends as if it had never been disturbed."""

import multiprocessing
import os
import random
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from tiny_core import CONFIGS, make_core, quiet_environment, write_tiff

from synfine_monai.bundle import run_verb

pytestmark = pytest.mark.slow
PATIENCE = 900.0  # seconds until something must have appeared, on a machine that is busy with other things


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
        "batch_size": 2,
        "context": 0,
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


def segment(options: dict[str, str | int]) -> None:
    """Inference in a process of its own, without a word."""
    sys.stdout = sys.stderr = open(os.devnull, "w")  # noqa: SIM115  until the process ends
    run_verb(CONFIGS / "inference.yaml", **options)


def test_an_inference_killed_at_ten_moments_ends_with_the_same_bytes(pretrained, tmp_path):
    processes = multiprocessing.get_context("forkserver")  # imports once, and not for each of the twelve runs
    processes.set_forkserver_preload(["monai.bundle", "monai.engines", "synfine_monai.inferers.signature",
                                      "synfine_monai.handlers.porosity_report", "tiny_core"])  # fmt: skip
    scan = write_tiff(tmp_path / "core.tif", make_core((48, 96, 96))[0])
    options = {"scan": scan, "checkpoint": pretrained, "slab_voxels": 96 * 96, "precision": "float32"}

    def start(folder: Path) -> multiprocessing.Process:
        process = processes.Process(target=segment, args=({**options, "output_dir": folder},))
        process.start()
        return process

    def results(folder: Path) -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in folder.iterdir() if path.name.startswith("core_")}

    whole, killed, seconds = tmp_path / "whole", tmp_path / "killed", []
    for _ in range(2):  # the first one starts the server
        began = time.monotonic()
        start(whole).join(PATIENCE)
        seconds.append(time.monotonic() - began)
    expected, chance = results(whole), random.Random()
    killed.mkdir()  # the first run may be killed before it does so
    moments, kept = [(tenth + chance.random()) / 10 * seconds[-1] for tenth in range(10)], []
    for moment in chance.sample(moments, 10):
        process = start(killed)
        process.join(moment)
        process.kill()
        process.join()
        assert results(killed).items() <= expected.items(), "a name stands for the whole file"
        kept.append(len(list(killed.glob(".core_labels*/*.raw"))))
    assert any(kept), "no run got as far as a chunk"
    start(killed).join(PATIENCE)
    assert results(killed) == expected
    assert sorted(os.listdir(killed)) == sorted(os.listdir(whole)), "nothing hidden is left"


def test_a_killed_inference_ends_with_the_same_labels(pretrained, tmp_path):
    scan = write_tiff(tmp_path / "long.tif", make_core((64, 384, 384))[0])
    options = {"scan": scan, "checkpoint": pretrained, "slab_voxels": 384 * 384}
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    run(command("inference", whole, **options))
    words = command("inference", killed, **options)
    run_and_kill(words, lambda: any(killed.glob(".long_labels*/*.raw")))
    assert not (killed / "long_labels.tif").exists()
    run(words)
    assert (killed / "long_labels.tif").read_bytes() == (whole / "long_labels.tif").read_bytes()
    assert (killed / "long_porosity.csv").read_bytes() == (whole / "long_porosity.csv").read_bytes()
    assert sorted(f.name for f in killed.glob(".long*")) == []
