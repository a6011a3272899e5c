"""Bridged Transfer: training goes on from a checkpoint on synthetic pairs, and fine-tuning starts with a new head."""

import json

import pytest
import torch
from tiny_core import CONFIGS, TINY_TRAINING, TINY_TUNING, refusal

from synfine_monai.bundle import run_verb
from synfine_monai.data import write_pairs
from synfine_monai.networks import load_weights
from synfine_monai.report import read_metrics


@pytest.fixture(scope="session")
def pairs(tmp_path_factory):
    """A folder of 40 pairs: two flat grey levels, matrix and pore."""
    label = torch.zeros(40, 1, 64, 64, dtype=torch.uint8)
    label[..., 32:] = 1
    folder = tmp_path_factory.mktemp("pairs")
    return write_pairs(folder, {"image": 1.0 - 2.0 * label, "label": label}, "zscore", "a test")


def run(verb, sample, output_dir, **options):
    run_verb(CONFIGS / f"{verb}.yaml", datalist=str(sample.datalist), output_dir=str(output_dir), **options)
    return load_weights(output_dir / "model.pt")


def settings_of(folder):
    return json.loads((folder / "model.json").read_text())["settings"]


def test_training_goes_on_from_a_checkpoint_batch_norm_included(sample, pretrained, pairs, tmp_path):
    options = {**TINY_TRAINING, "pairs": 40, "learning_rate": 1e-9}
    weights = run("train", sample, tmp_path, checkpoint=str(pretrained), pairs_from=str(pairs), mixup=0.2, **options)
    before = load_weights(pretrained / "model.pt")
    moved = {name for name in before if not torch.allclose(weights[name].float(), before[name].float(), atol=1e-6)}
    assert moved
    assert all("running" in name or "num_batches" in name for name in moved)
    assert settings_of(tmp_path)["mixup"] == 0.2
    assert settings_of(tmp_path)["source"] is not None
    assert settings_of(tmp_path)["pairs_from"] is not None


def test_training_on_a_folder_of_pairs_is_not_the_procedural_one(sample, pretrained, pairs, tmp_path):
    weights = run("train", sample, tmp_path, pairs_from=str(pairs), **{**TINY_TRAINING, "pairs": 40})
    before = load_weights(pretrained / "model.pt")
    assert not torch.equal(weights["head.weight"], before["head.weight"])


def test_mixup_and_synthetic_patches_change_what_fine_tuning_learns(sample, pretrained, pairs, tmp_path):
    plain = {"checkpoint": str(pretrained), "label_budget": 2, "baselines": False, **TINY_TUNING}
    ways = {
        "plain": {},
        "off": {"mixup": 0, "synthetic_per_real": 0, "pairs_from": str(pairs)},
        "mixup": {"mixup": 0.2},
        "mixed": {"synthetic_per_real": 3, "pairs_from": str(pairs), "learn_from": "patches"},
    }
    heads = {
        name: run("finetune", sample, tmp_path / name, **plain, **way)["head.weight"] for name, way in ways.items()
    }
    assert torch.equal(heads["plain"], heads["off"])
    assert not torch.equal(heads["plain"], heads["mixup"])
    assert not torch.equal(heads["plain"], heads["mixed"])


@pytest.mark.parametrize(("part", "modules"), [("head", {"head"}), ("last_block", {"up_1", "head"})])
def test_fine_tuning_starts_with_a_new_part(part, modules, sample, pretrained, tmp_path):
    options = {"checkpoint": str(pretrained), "reinitialise": part, "learning_rate": 1e-9, "baselines": False}
    weights = run("finetune", sample, tmp_path, **options, **TINY_TUNING)
    before = load_weights(pretrained / "model.pt")
    moved = {name for name in before if not torch.allclose(weights[name].float(), before[name].float(), atol=1e-6)}
    assert {name.split(".")[0] for name in moved} == modules


def test_what_cannot_be_is_refused_in_one_sentence(sample, pretrained, pairs, tmp_path):
    given = {"datalist": str(sample.datalist), "output_dir": str(tmp_path / "out")}
    assert "does not train it: tune 'auto+head'" in refusal("bridged", tune="auto", **given)
    assert "no folder of synthetic pairs" in refusal("bridged", pairs_from=str(tmp_path), **given)
    assert "holds 40 pairs, but 2000" in refusal("bridged", pairs_from=str(pairs), **given)
    assert "normalised by zscore" in refusal(
        "train", pairs_from=str(pairs), pairs=40, normalisation="median_mad", **given
    )
    tuning = {**given, "checkpoint": str(pretrained), "baselines": False}
    assert "--mixup takes" in refusal("finetune", mixup=-1, **tuning)
    assert "--synthetic_per_real takes" in refusal("finetune", synthetic_per_real=0.5, **tuning)
    assert "did you mean 'last_block'" in refusal("finetune", reinitialise="last_bloc", **tuning)
    assert not list((tmp_path / "out").glob("**/model.pt"))


@pytest.mark.slow
@pytest.mark.parametrize("style", ["procedural", "matched"])
def test_bridged_from_pairs_to_a_score(style, sample, tmp_path):
    options = {"pairs": 32, "label_budget": 2, "min_steps": 2, "segment": False, "style": style}
    run("bridged", sample, tmp_path, **options, **{"pipeline#stages#1#finetune#min_epochs": 1})
    assert settings_of(tmp_path / "bridge")["mixup"] == 0.2
    assert settings_of(tmp_path / "bridge")["epochs"] * settings_of(tmp_path / "bridge")["steps_per_epoch"] == 2
    assert {"all", "native", "random_forest"} <= set(read_metrics(tmp_path / "metrics.json")["methods"])
    assert (settings_of(tmp_path / "bridge")["pairs_from"] is None) == (style == "procedural")
