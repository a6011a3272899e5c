"""A few strokes through the verbs: from one slice, from an xz view, one stroke a class; and what is refused."""

import csv
import json

import numpy as np
import pytest
import torch
from tiny_core import CONFIGS, TINY_TUNING, write_tiff

from synfine_monai.bundle import run_verb
from synfine_monai.data import LabelledSlice, simulate_strokes
from synfine_monai.networks import load_network, load_weights
from synfine_monai.report import read_metrics


def painted(sample, path, places):
    """The truth at these places (z, y, x slices) as classes from 1 on; 0 is not labelled."""
    labels = np.zeros_like(sample.truth)
    for place in places:
        labels[place] = 1 + sample.truth[place]
    return write_tiff(path, labels)


ROWS = [np.s_[2, y, 5:60] for y in range(4, 60, 8)]
XZ_VIEW = [np.s_[:, y, 20:23] for y in range(4, 90, 8)]


def tune(sample, labels, checkpoint, out, **options):
    given = {"scan": str(sample.scan), "labels": str(labels), "unlabelled_value": 0, "phases": "matrix,pore"}
    options = {**given, **TINY_TUNING, **options}
    run_verb(CONFIGS / "finetune.yaml", output_dir=str(out), checkpoint=str(checkpoint), **options)
    return json.loads((out / "model.json").read_text())


@pytest.mark.parametrize("places", [ROWS, XZ_VIEW], ids=["one slice", "xz view"])
def test_strokes_are_tuned_on_and_judge(places, sample, pretrained, tmp_path):
    labels = painted(sample, tmp_path / "labels.tif", places)
    info = tune(sample, labels, pretrained, tmp_path / "out")
    assert info["label_budget"] is None
    assert 0 < info["labelled"]["voxels"] < sum(sample.truth[place].size for place in places)
    rows = list(csv.DictReader((tmp_path / "out" / "patches.csv").open()))
    assert {int(row["z"]) for row in rows} == ({2} if places is ROWS else set(range(6)))
    given = {"scan": str(sample.scan), "labels": str(labels), "unlabelled_value": 0, "phases": "matrix,pore"}
    run_verb(CONFIGS / "evaluate.yaml", checkpoint=str(tmp_path / "out"), compare={"native": str(pretrained)},
             output_dir=str(tmp_path / "out"), **given)  # fmt: skip
    metrics = read_metrics(tmp_path / "out" / "metrics.json")
    assert metrics["split"] == "held-back strokes"
    assert all(scores["porosity"] is None for scores in metrics["methods"].values())
    assert "held-back strokes" in metrics["notes"][-1]
    page = (tmp_path / "out" / "report.html").read_text()
    assert page.index(metrics["notes"][0][:40]) < page.index("<table>")


def test_a_teacher_holds_the_network(sample, pretrained, tmp_path):
    labels = painted(sample, tmp_path / "labels.tif", ROWS)
    image = torch.from_numpy(sample.image[None, :1].astype(np.float32) / 1e4 - 2)

    def answer(folder):
        with torch.no_grad():
            return load_network(folder / "model.pt").eval()(image).softmax(1)

    apart = {}
    for weight in (0, 100):
        out = tmp_path / f"teacher_{weight}"
        tune(sample, labels, pretrained, out, teacher=weight, baselines=False, learning_rate=1e-2, min_steps=10)
        apart[weight] = float((answer(out) - answer(pretrained)).abs().mean())
    assert apart[100] < 0.3 * apart[0]


@pytest.mark.parametrize(
    "options", [{"average": 0.1, "blend": 0.5}, {"synthetic_per_real": 1}, {"tune": "high"}, {"mixup": 0.2}]
)
def test_parts_of_the_recipe_go_together(options, sample, pretrained, tmp_path):
    labels = painted(sample, tmp_path / "labels.tif", ROWS)
    tune(sample, labels, pretrained, tmp_path / "out", baselines=False, **options)
    assert all(torch.isfinite(w).all() for w in load_weights(tmp_path / "out" / "model.pt").values())


def strokes_in(sample, path, view, count):
    """Strokes of the simulated labeller on one slice, on several, or on slices of the xz view."""
    axis = 1 if view == "xz views" else 0
    planes = np.moveaxis(sample.truth, axis, 0)
    slices = [LabelledSlice(p.astype(np.float32), p, p < 2, "core", "core", k) for k, p in enumerate(planes)]
    drawn = simulate_strokes(slices, count, length=10, brush=1, most_slices=1 if view == "one slice" else 3, seed=1)
    labels = np.zeros_like(sample.truth)
    for s in drawn:
        np.moveaxis(labels, axis, 0)[s.z] = np.where(s.label == 255, 0, s.label + 1)
    return write_tiff(path, labels)


@pytest.mark.slow
@pytest.mark.parametrize("count", [1, 3, 10])
@pytest.mark.parametrize("view", ["one slice", "several slices", "xz views"])
def test_any_number_of_strokes_in_any_view_ends_with_a_report(view, count, sample, pretrained, tmp_path):
    labels, out = strokes_in(sample, tmp_path / "labels.tif", view, count), tmp_path / "out"
    info = tune(sample, labels, pretrained, out)
    assert info["labelled"]["strokes"] >= 2
    run_verb(CONFIGS / "evaluate.yaml", checkpoint=str(out), compare={"native": str(pretrained)}, output_dir=str(out),
             scan=str(sample.scan), labels=str(labels), unlabelled_value=0, phases="matrix,pore")  # fmt: skip
    assert read_metrics(out / "metrics.json")["split"] == ("training" if count == 1 else "held-back strokes")
    assert "held-back strokes" in (out / "report.html").read_text() or count == 1


@pytest.mark.slow
def test_learn_from_one_stroke_a_class_in_one_go(sample, tmp_path):
    at = [np.argwhere(sample.truth[3] == k)[5] for k in (0, 1)]
    labels = painted(sample, tmp_path / "labels.tif", [np.s_[3, int(y), int(x)] for y, x in at])
    given = {"scan": str(sample.scan), "labels": str(labels), "unlabelled_value": 0, "phases": "matrix,pore"}
    run_verb(CONFIGS / "synfine.yaml", output_dir=str(tmp_path / "out"), pretrain=False, **given)
    metrics = read_metrics(tmp_path / "out" / "metrics.json")
    assert metrics["split"] == "training"
    assert {"all", "native"} <= set(metrics["methods"])
    assert (tmp_path / "out" / "predictions" / "core_labels.tif").is_file()
