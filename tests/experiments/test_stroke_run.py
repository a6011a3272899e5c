import json
from pathlib import Path

import numpy as np
import pytest
import tifffile
from made_up_rows import row
from noted_stages import NotedStages
from shiftable_task import make_task

from synfine_monai.data import load_datalist, load_labelled_slices
from synfine_monai.experiments import StrokeRun, drawn_labels, stroke_report, stroke_run, tuned_run

METHODS = {
    "default": {"checkpoint": "shipped"},
    "none": {"checkpoint": "shipped", "untuned": True},
    "forest": {"baseline": "balanced_forest"},
    "threshold": {"baseline": "threshold"},
    "rounds": {"checkpoint": "shipped", "rounds": [1, 2, 2]},
    "styled": {"checkpoint": "shipped", "pairs": "inverted"},
}
LABELS = {"strokes_3": {"strokes": 3}, "strokes_5": {"strokes": 5}, "patches_1": {"patches": 1}}


class OneSource:
    """Pairs that are in a folder already."""

    def __init__(self):
        self.sources = {"inverted": {}}

    def options(self, source, task):
        return {"pairs_from": f"{source}_{task}"}


@pytest.fixture
def make(tmp_path, monkeypatch):
    """A run on a small task that trains nothing; every network finds solid everywhere."""
    for name in ("score_network", "score_untuned"):
        monkeypatch.setattr(stroke_run if name == "score_untuned" else tuned_run, name, lambda *_: {"pore_dice": 0.9})
    monkeypatch.setattr(stroke_run, "find_checkpoint", lambda checkpoint, _: Path(checkpoint))
    monkeypatch.setattr(stroke_run, "require_decided_classes", lambda *_: None)
    monkeypatch.setattr(drawn_labels, "predictions_of", lambda _, slices: [np.zeros_like(s.label) for s in slices])
    (tmp_path / "small").mkdir()
    make_task(tmp_path / "small")

    def make_run(**changes):
        given = {"data": tmp_path, "tasks": {"small": {"binary": True}}, "methods": METHODS, "pretraining": {},
                 "labels": LABELS, "tuning": {"learn_from": "auto"}, "sources": OneSource()}  # fmt: skip
        return StrokeRun(**{"cache": NotedStages(tmp_path), **given, **changes})

    return make_run


def factors(method="default", labels="strokes_3", **others):
    return {"task": "small", "labels": labels, "seed": 7, "method": method, **others}


def learned(execute, number=-1):
    """Voxels of each class that a fine-tuning learned from."""
    task = load_datalist(execute.cache.options("finetune")[number]["datalist"], binary=True)
    labels = [s.label for s in load_labelled_slices(task, "training")]
    return np.sum([np.bincount(label.ravel(), minlength=256)[:2] for label in labels], axis=0)


def test_networks_learn_from_strokes_by_the_rule_of_learn_and_the_same_seed_draws_them_again(make):
    execute = make()
    found = execute(factors())
    (tuning,) = execute.cache.options("finetune")
    assert (tuning["learn_from"], tuning["label_budget"], tuning["checkpoint"]) == ("auto", None, "shipped")
    assert all(0 < voxels <= 3 * 104 for voxels in learned(execute))  # 20 voxels along a diagonal, three wide
    assert list(found)[:4] == ["task", "labels", "seed", "method"]
    assert "label_budget" not in found
    execute(factors("styled"))
    again = execute.cache.options("finetune")[1]
    assert (again["datalist"], again["pairs_from"]) == (tuning["datalist"], "inverted_small")
    execute(factors(seed=8))
    assert execute.cache.options("finetune")[2]["datalist"] != tuning["datalist"]


def test_patches_are_those_of_other_experiments(make):
    execute = make()
    execute(factors(labels="patches_1"))
    (tuning,) = execute.cache.options("finetune")
    assert (Path(tuning["datalist"]).parent.name, tuning["label_budget"]) == ("small", 1)


def test_strokes_of_merged_classes_keep_the_classes_of_the_task(make, tmp_path):
    file = tmp_path / "small" / "dataset.json"
    content = json.loads(file.read_text()) | {"labels": {"0": "solid", "1": "pore", "2": "water"},
                                              "phases": {"0": "matrix", "1": "pore", "2": "water"},
                                              "pore_labels": [1, 2]}  # fmt: skip
    file.write_text(json.dumps(content))
    labels = tifffile.imread(tmp_path / "small" / "labels.tif")
    tifffile.imwrite(tmp_path / "small" / "labels.tif", np.where(labels == 1, 2, labels), photometric="minisblack")
    execute = make()
    execute(factors())
    datalist = execute.cache.options("finetune")[0]["datalist"]
    assert set(np.unique(tifffile.imread(Path(datalist).parent / "labels_0.tif"))) == {0, 1, 255}
    assert all(learned(execute) > 0)
    load_labelled_slices(load_datalist(datalist, binary=True), "test")


def test_later_rounds_add_strokes_where_the_last_network_was_wrong(make):
    execute = make()
    execute(factors("rounds", "strokes_5"))
    assert len(execute.cache.options("finetune")) == 3
    solid, pore = zip(*(learned(execute, number) for number in range(3)), strict=True)
    assert solid[0] == solid[1] == solid[2]  # nothing that is solid was called pore
    assert pore[0] < pore[1] < pore[2]


def test_where_nothing_is_wrong_any_more_a_round_adds_nothing(make, monkeypatch):
    monkeypatch.setattr(drawn_labels, "predictions_of", lambda _, slices: [s.label for s in slices])
    execute = make()
    execute(factors("rounds", "strokes_5"))
    assert len({given["datalist"] for given in execute.cache.options("finetune")}) == 1


def test_what_is_not_tuned_and_what_is_no_network_trains_nothing(make):
    execute = make()
    assert execute(factors("none"))["selected"] == "none"
    assert execute(factors("threshold"))["pore_dice"] == 1
    assert execute(factors("forest"))["pore_dice"] > 0.9
    assert execute.cache.asked == []


def test_strokes_are_drawn_beforehand_and_settings_know_them(make):
    execute = make()
    assert execute.shared(factors()) == [("strokes", "small", ("strokes_3", 7))]
    assert execute.shared(factors(labels="patches_1")) == []
    execute.prepare(("strokes", "small", ("strokes_3", 7)))
    assert len(list(execute.cache.folder.glob("strokes_*/dataset.json"))) == 1
    other = make(labels={**LABELS, "strokes_3": {"strokes": 3, "brush": 1}})
    assert execute.settings(factors()) != other.settings(factors())
    assert execute.settings(factors("none", "patches_1")) == other.settings(factors("none", "patches_1"))


def test_the_page_says_what_arms_gain_and_draws_those_with_several_numbers_of_strokes(tmp_path):
    rows = [row(arm, seed, dice, labels=labels) for labels, more in (("strokes_1", 0), ("strokes_10", 0.05))
            for arm, dice in (("default", 0.8 + more), ("forest", 0.7)) for seed in (0, 1)]  # fmt: skip
    rows.append(row("rounds", 0, 0.95, labels="strokes_30"))
    words = {"default": "the default", "forest": "random forest", "rounds": "by rounds"}
    questions = {"Gains": [["default", "forest"]], "Never asked": [["scratch", "forest"]]}
    strokes = {"strokes_1": 1, "strokes_10": 10, "strokes_30": 30}
    text = stroke_report(tmp_path, "Strokes", rows, {"berea": "pore_dice"}, words, questions, strokes).read_text()
    assert "| arm | strokes 1 | strokes 10 | strokes 30 |" in text
    assert "| berea, strokes_10 | +0.150 [+0.150, +0.150], better |" in text
    assert "| berea, strokes 30 | by rounds | 0.950 | – |" in text
    assert "Never asked" not in text
    assert (tmp_path / "strokes.png").is_file()
