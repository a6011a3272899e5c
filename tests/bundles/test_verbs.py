"""Every verb runs, on options of its own and from any working directory, and leaves what the contract says."""

import csv
import json

import numpy as np
import pytest
import tifffile
import torch
from tiny_core import CONFIGS, TINY_TRAINING, TINY_TUNING, VOXEL_SIZE_UM, refusal

from synfine_monai.bundle import run_verb
from synfine_monai.networks import load_weights
from synfine_monai.report import read_metrics
from synfine_monai.scans import open_scan


def run(verb, sample, output_dir, **options):
    run_verb(CONFIGS / f"{verb}.yaml", datalist=str(sample.datalist), output_dir=str(output_dir), **options)
    return output_dir


def changed(before, after) -> set[str]:
    """Names of the tensors that differ between two models."""
    before, after = load_weights(before / "model.pt"), load_weights(after / "model.pt")
    return {name for name in before if not torch.equal(before[name], after[name])}


def test_train_leaves_a_model_that_says_what_it_is(pretrained):
    info = json.loads((pretrained / "model.json").read_text())
    assert info["labels"] == ["solid", "pore"]
    assert info["phases"] == [["matrix"], ["pore"]]
    assert info["pore_labels"] == [1]
    assert info["normalisation"] == "zscore"
    assert info["voxel_size_um"] == [VOXEL_SIZE_UM] * 3
    assert info["binary"] is False
    assert info["architecture"]["num_classes"] == 2
    assert info["settings"]["pairs"] == TINY_TRAINING["pairs"]
    assert list(pretrained.glob("events/train/*tfevents*"))


def test_train_without_a_task_learns_all_phases(tmp_path):
    run_verb(CONFIGS / "train.yaml", output_dir=str(tmp_path), half=True, **TINY_TRAINING)
    assert json.loads((tmp_path / "model.json").read_text())["labels"] == ["matrix", "pore", "water", "clay", "dense"]
    assert torch.load(tmp_path / "model.pt", weights_only=True)["head.weight"].dtype == torch.float16


def test_sensitivity_of_both_views(sample, pretrained, tmp_path):
    run("sensitivity", sample, tmp_path, checkpoint=str(pretrained))
    measured = json.loads((tmp_path / "sensitivity.json").read_text())
    assert measured["selected_level"] in ("high", "mid", "low")
    assert {"down_0", "up_1", "head"} <= set(measured["sequential"])
    assert (tmp_path / "sensitivity.csv").is_file()
    assert (tmp_path / "figures" / "sensitivity.png").is_file()


def test_finetune_draws_the_budget_and_says_what_it_tuned(sample, pretrained, tmp_path):
    tuning = {"label_budget": 2, "tune": "auto", "baselines": False, **TINY_TUNING}
    run("finetune", sample, tmp_path, checkpoint=str(pretrained), **tuning)
    info = json.loads((tmp_path / "model.json").read_text())
    assert info["method"] == "surgical"
    assert info["selected"] in ("high", "mid", "low")
    assert info["label_budget"] == 2
    assert sum(info["histogram"]) == pytest.approx(1)
    rows = list(csv.DictReader((tmp_path / "patches.csv").open()))
    assert [list(row) for row in rows] == [["item", "z", "y", "x"]] * 2
    assert {int(row["z"]) for row in rows} <= {0, 2, 4}


@pytest.mark.parametrize(
    ("tune", "method", "tuned"),
    [
        ("none", "native", ()),
        ("last_layer", "last_layer", ("head",)),
        ("high+head", "high+head", ("down_0", "up_1", "head")),
    ],
)
def test_finetune_changes_only_what_it_tunes(tune, method, tuned, sample, pretrained, tmp_path):
    run("finetune", sample, tmp_path, checkpoint=str(pretrained), tune=tune, baselines=False, **TINY_TUNING)
    names = changed(pretrained, tmp_path)
    assert {name.split(".")[0] for name in names} == set(tuned)
    assert not [name for name in names if "running" in name]
    assert json.loads((tmp_path / "model.json").read_text())["method"] == method


@pytest.mark.parametrize("tune", ["lp_ft", "auto_rgn", "auto_snr", "batch_norm", "all"])
def test_finetune_knows_the_word(tune, sample, pretrained, tmp_path):
    run("finetune", sample, tmp_path, checkpoint=str(pretrained), tune=tune, baselines=False, **TINY_TUNING)
    assert changed(pretrained, tmp_path)


def test_finetune_from_scratch_needs_no_checkpoint(sample, tmp_path):
    run("finetune", sample, tmp_path, checkpoint="none", baselines=False, **TINY_TUNING)
    assert json.loads((tmp_path / "model.json").read_text())["method"] == "scratch"


def test_shipped_weights_fit_a_task_with_other_classes(sample, tmp_path):
    run("finetune", sample, tmp_path, baselines=False, tune="last_layer", **TINY_TUNING)
    assert json.loads((tmp_path / "model.json").read_text())["labels"] == ["solid", "pore"]


def test_evaluate_scores_the_model_others_and_baselines(sample, pretrained, tuned, tmp_path):
    run("evaluate", sample, tmp_path, checkpoint=str(tuned), compare={"native": str(pretrained)})
    metrics = read_metrics(tmp_path / "metrics.json")
    assert list(metrics["methods"]) == ["all", "native", "otsu", "threshold", "lookup", "random_forest"]
    assert metrics["split"] == "test"
    assert metrics["label_budget"] is None
    assert metrics["labelled"]["voxels"] == 3 * 96 * 96
    assert metrics["methods"]["threshold"]["pore_dice"] > 0.9
    assert list(tmp_path.glob("figures/slice_*.png"))
    assert (tmp_path / "provenance.json").is_file()


def test_without_test_items_held_back_slices_are_scored(sample, pretrained, tmp_path):
    task = {"scan": str(sample.scan), "labels": str(sample.labels), "phases": "matrix,pore"}
    run_verb(CONFIGS / "evaluate.yaml", checkpoint=str(pretrained), output_dir=str(tmp_path), **task)
    assert read_metrics(tmp_path / "metrics.json")["split"] == "held-back slices"


@pytest.mark.parametrize("format_", ["scan", "scan_nifti"])
def test_inference_from_elsewhere_writes_the_scans_own_format(format_, sample, tuned, tmp_path, monkeypatch):
    monkeypatch.chdir(sample.folder)
    scan = getattr(sample, format_)
    run_verb(CONFIGS / "inference.yaml", scan=scan.name, checkpoint=str(tuned), output_dir=str(tmp_path), slab_voxels=1)
    with open_scan(scan) as source, open_scan(tmp_path / f"core_labels{''.join(scan.suffixes)}") as written:
        labels = written.read()
        assert labels.shape == source.shape
        assert written.voxel_size_um == pytest.approx(source.voxel_size_um)
    porosity = json.loads((tmp_path / "core_porosity.json").read_text())["porosity"]
    assert porosity == pytest.approx((labels == 1).sum() / np.isin(labels, (0, 1)).sum())


def test_inference_writes_probabilities_on_demand(sample, tuned, tmp_path):
    options = {"scan": str(sample.scan), "checkpoint": str(tuned), "output_dir": str(tmp_path)}
    run_verb(CONFIGS / "inference.yaml", probabilities=True, pore_probability=True, **options)
    assert list(tmp_path.glob("core_probabilities*"))
    labels, chances = (tifffile.imread(tmp_path / f"core_{name}.tif") for name in ("labels", "pore_probability"))
    core = labels != 255
    assert np.array_equal(chances[core] > 0.5, labels[core] == 1)
    assert not chances[~core].any()


def test_inference_ends_with_the_rock_numbers_that_are_cheap(sample, tuned, tmp_path):
    options = {"scan": str(sample.scan), "checkpoint": str(tuned)}
    run_verb(CONFIGS / "inference.yaml", output_dir=str(tmp_path / "with"), **options)
    told, known = (json.loads((tmp_path / "with" / f"core_{name}.json").read_text()) for name in ("rock", "porosity"))
    assert told["porosity"]["porosity"] == known["porosity"]
    assert list(told["phases"]) == ["pore space"]
    run_verb(CONFIGS / "inference.yaml", output_dir=str(tmp_path / "without"), measure=False, **options)
    assert not list((tmp_path / "without").glob("*rock*"))


def test_an_option_that_contradicts_the_model_is_refused(sample, tuned, tmp_path):
    options = {"datalist": str(sample.datalist), "checkpoint": str(tuned), "output_dir": str(tmp_path)}
    assert "--binary True contradicts the model" in refusal("evaluate", binary=True, **options)


@pytest.mark.slow
def test_synfine_from_pairs_to_a_segmented_scan(sample, tmp_path):
    stages = {"pipeline#stages#0#train": {"output_dir": "@pretrained", "steps_per_epoch": 2, "batch_size": 8},
              "pipeline#stages#2#finetune": {"checkpoint": "@pretrained", **TINY_TUNING}}  # fmt: skip
    run("synfine", sample, tmp_path, pairs=64, epochs=1, label_budget=2, **stages)
    assert {"all", "native", "random_forest"} <= set(read_metrics(tmp_path / "metrics.json")["methods"])
    for name in ("pretrained/model.pt", "model.pt", "sensitivity.json", "patches.csv", "predictions/core_labels.tif",
                 "predictions/core_porosity.png", "predictions/core_rock.html", "figures/methods.png"):  # fmt: skip
        assert (tmp_path / name).is_file(), name
