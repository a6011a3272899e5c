"""``multi_gpu_train.yaml`` merges over ``train.yaml`` and ``finetune.yaml``; two processes train what one does."""

import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import psutil
import pytest
import tifffile
import torch
from monai.bundle import ConfigParser
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tiny_core import BUNDLE, CONFIGS, TINY_TRAINING, quiet_environment, write_datalist, write_tiff

from synfine_monai.bundle import run_verb
from synfine_monai.networks import load_network

HYBRID = BUNDLE.parent / "rock_ct_hybrid_segmentation" / "configs"
VERBS = [CONFIGS / "train.yaml", CONFIGS / "finetune.yaml", HYBRID / "train.yaml"]
EVERY_STEP = {"precision": "float32", "train#named#events#iteration_log": 1}
PATIENCE = 900.0  # seconds until something must have appeared, on a machine that is busy with other things
PRETRAINING = {**TINY_TRAINING, **EVERY_STEP, "epochs": 2, "steps_per_epoch": 3}


def merged(verb: Path) -> list[str]:
    return [str(verb), str(verb.with_name("multi_gpu_train.yaml"))]


def command_for(verb: Path, processes: int, **options: object) -> list[str]:
    given = [part for name, value in options.items() for part in (f"--{name}", str(value))]
    launch = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node", str(processes)]
    return [*launch, "-m", "monai.bundle", "run", "--config_file", str(merged(verb)), *given]


def train_together(verb: Path, processes: int, **options: object) -> subprocess.CompletedProcess:
    command = command_for(verb, processes, **options)
    return subprocess.run(command, env=quiet_environment(), check=False, capture_output=True, text=True)


def kill_after_the_first_epoch(verb: Path, processes: int, output_dir: Path, **options: object) -> None:
    """All processes at once, as a power cut does; torchrun gives each of its own a session, so they are no group."""
    command = command_for(verb, processes, output_dir=output_dir, **options)
    silent = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    launcher = psutil.Popen(command, env=quiet_environment(), **silent)
    limit = time.monotonic() + PATIENCE
    try:
        while not list(output_dir.glob("checkpoints/*/*.pt")):
            assert launcher.poll() is None, "the run ended before it could be killed"
            assert time.monotonic() < limit, "the run never got that far"
            time.sleep(0.01)
    finally:
        family = [launcher, *launcher.children(recursive=True)] if launcher.is_running() else []
        for process in family:
            process.suspend()  # or the first to go is missed by the others, who end in their own way
        for process in family:
            process.kill()
        psutil.wait_procs(family, timeout=10)
    assert len(family) > processes


def losses(folder: Path, starts: int = 1) -> list[float]:
    """Of every step since the last start; each start writes one events file, however many processes there are."""
    events = sorted(folder.glob("events/*/events*"), key=lambda path: path.stat().st_mtime)
    assert len(events) == starts
    curve = EventAccumulator(str(events[-1])).Reload()
    return [step.value for step in curve.Scalars("train_loss")]


def assert_learned_alike(folders: Sequence[Path], steps: int) -> None:
    """Two runs of ``steps`` steps differ by the order of their sums alone.

    Batch norm and Adam make some ten times more of it at every step, until it is a thousandth of the loss: as much as
    between one process with one thread and one with two. The first three losses know nearly all that can be wrong: how
    patches are shared out, what is drawn for them, whose statistics batch norm takes, how gradients are averaged.
    """
    one, two = (losses(folder) for folder in folders)
    assert len(one) == steps
    assert two[0] == pytest.approx(one[0], rel=3e-6)
    assert two[1] == pytest.approx(one[1], rel=3e-5)
    assert two[2] == pytest.approx(one[2], rel=3e-4)
    assert two == pytest.approx(one, rel=1e-2)
    assert worst_logit(folders, batch_statistics=True) < 0.1


def worst_logit(folders: Sequence[Path], batch_statistics: bool = False) -> float:
    """Largest difference of two networks' logits, in standard deviations.

    Before batch norm a bias has no gradient but rounding, of which Adam makes whole steps. In evaluation they show, as
    much with one process whose batch norm merely rounds in another way; with the batch's own statistics they cancel.
    """
    image = torch.randn(2, 1, 64, 64, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        first, second = (load_network(folder / "model.pt").train(batch_statistics)(image) for folder in folders)
    return float((first - second).abs().max() / first.std())


@pytest.fixture
def unevenly_labelled(sample) -> Path:
    """Task whose three labelled slices hold very different numbers of labels."""
    labels = tifffile.imread(sample.labels)
    labels[2, 30:], labels[4, :, 40:] = 255, 255
    write_tiff(sample.folder / "uneven_labels.tif", labels)
    item = {"image": "core.tif", "specimen": "core", "label": "uneven_labels.tif"}
    return write_datalist(sample.folder / "uneven.json", training=[item])


@pytest.mark.parametrize("verb", VERBS, ids=lambda path: f"{path.parents[1].name}-{path.stem}")
def test_what_writes_or_draws_does_so_on_the_first_process_only(verb):
    parser = ConfigParser()
    parser.read_config(merged(verb))
    handlers = [*parser["train"]["named"].values(), parser.config.get("written", {})]
    writers = {str(h.get("_target_")).rpartition(".")[2] for h in handlers if "@first" in str(h.get("_disabled_"))}
    writer = "save_denoiser" if verb.is_relative_to(HYBRID) else "SaveModel"
    assert writers == {"TrainingProgress", "TensorBoardStatsHandler", writer}
    assert parser["train"]["trainer"]["network"] == "@distributed_network"
    assert parser["train"]["dataset"]["_target_"].endswith("PatchBatches")
    assert "begin" in str(parser["initialize"])
    assert "join_processes" in parser["initialize"][-2]


def test_the_hybrid_bundle_shares_its_training_out_as_the_other_does():
    first, second = (ConfigParser.load_config_file(merged(verb)[1]) for verb in (VERBS[0], VERBS[2]))
    assert {k: v for k, v in first.items() if "named" not in k}.items() <= second.items()


@pytest.mark.slow
@pytest.mark.alone
def test_two_processes_pretrain_as_one_does(sample, tmp_path):
    options, folders = {"datalist": str(sample.datalist), **PRETRAINING}, (tmp_path / "one", tmp_path / "two")
    run_verb(VERBS[0], **options, output_dir=folders[0])
    done = train_together(VERBS[0], 2, **options, output_dir=folders[1])
    assert done.returncode == 0, done.stderr
    assert_learned_alike(folders, steps=6)


@pytest.mark.slow
@pytest.mark.alone
@pytest.mark.skipif(sys.platform == "win32", reason="needs process groups")
def test_two_processes_that_were_killed_go_on_where_they_were(sample, tmp_path):
    options, folders = {"datalist": str(sample.datalist), **PRETRAINING}, (tmp_path / "whole", tmp_path / "killed")
    options["epochs"] = 20
    assert train_together(VERBS[0], 2, **options, output_dir=folders[0]).returncode == 0
    kill_after_the_first_epoch(VERBS[0], 2, folders[1], **options)
    done = train_together(VERBS[0], 2, **options, output_dir=folders[1])
    assert done.returncode == 0, done.stderr
    whole, rest = losses(folders[0]), losses(folders[1], starts=2)
    assert len(rest) < len(whole)
    assert rest == whole[-len(rest) :], "to the last bit"
    assert worst_logit(folders) == 0


@pytest.mark.slow
@pytest.mark.alone
@pytest.mark.parametrize("tune", ["all", "lp_ft"])
def test_two_processes_fine_tune_as_one_does(unevenly_labelled, pretrained, tmp_path, tune):
    """However many labels each holds, through several checkpoints, and what is frozen at first included."""
    options = {"datalist": str(unevenly_labelled), "checkpoint": str(pretrained), "tune": tune, "baselines": False,
               "min_steps": 12, "min_epochs": 1, "batch_size": 4, **EVERY_STEP}  # fmt: skip
    folders = tmp_path / "one", tmp_path / "two"
    run_verb(VERBS[1], **options, output_dir=folders[0])
    done = train_together(VERBS[1], 2, **options, output_dir=folders[1])
    assert done.returncode == 0, done.stderr
    curves = [losses(folder) for folder in folders]
    assert len(curves[0]) == 12
    assert curves[1] == pytest.approx(curves[0], rel=1e-4)
    assert worst_logit(folders) < 1e-3
    assert len(list(folders[1].glob("checkpoints/finetune/*.pt"))) == 1


@pytest.mark.slow
@pytest.mark.alone
def test_two_processes_learn_both_halves_of_the_hybrid_as_one_does(sample, tmp_path):
    options, folders = {"datalist": str(sample.datalist), **PRETRAINING}, (tmp_path / "one", tmp_path / "two")
    run_verb(VERBS[2], **options, output_dir=folders[0])
    done = train_together(VERBS[2], 2, **options, output_dir=folders[1])
    assert done.returncode == 0, done.stderr
    assert_learned_alike(folders, steps=6)


@pytest.mark.slow
@pytest.mark.alone
def test_a_batch_that_three_cannot_share_is_refused_at_once(sample, tmp_path):
    done = train_together(VERBS[0], 3, datalist=sample.datalist, output_dir=tmp_path, **PRETRAINING)
    assert done.returncode != 0
    said = [line.split("]: ", 1)[1] for line in done.stderr.splitlines() if line.startswith("[rank")]
    assert set(said) == {"ScanError: batch_size 8 cannot be shared by 3 processes: use a multiple of 3."}
    assert "Generating synthetic pairs" not in done.stderr
