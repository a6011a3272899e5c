import numpy as np

from synfine_monai.data import LabelledSlice
from synfine_monai.metrics import segmentation_scores
from synfine_monai.report.stroke_notes import first_notes, without_porosity
from synfine_monai.report.table import results_table


def scores(right, wrong):
    return segmentation_scores([[[right, wrong], [wrong, right]]], ["solid", "pore"], [1])


LABEL = np.full((64, 64), 255, np.uint8)
LABEL[5, 10:30] = 0
LABEL[20, 10:30] = 1
SLICE = LabelledSlice(np.zeros((64, 64), np.float32), LABEL, LABEL < 999, "core", "A", 0)
FOUND = np.where(LABEL == 1, 1, 0).astype(np.uint8)
FOUND[20, 10:20] = 0


def test_worse_than_untuned_comes_first():
    notes = first_notes({"all": scores(8, 2), "native": scores(9, 1)}, "held-back strokes", [SLICE], [FOUND])
    assert notes[0].startswith("Tuning made it worse: mean Dice 0.800 on held-back strokes, 0.900 without it.")
    assert first_notes({"all": scores(9, 1), "native": scores(9, 1)}, "", [SLICE], [FOUND]) == []


def test_uncertainty_is_that_of_strokes_and_not_of_voxels():
    (note,) = first_notes({"all": scores(9, 1)}, "held-back strokes", [SLICE], [FOUND])
    assert note.startswith("2 held-back strokes (40 voxels) judge: 75.0 % of their voxels are right, 95 % interval ")
    low = int(note.split("interval ")[1].split(" to")[0])
    assert low < 20


def test_labels_that_judge_themselves_say_so():
    (note,) = first_notes({"all": scores(9, 1)}, "training", [SLICE], [FOUND])
    assert "very labels that were learned from" in note


def test_strokes_tell_no_porosity():
    found = without_porosity({"all": scores(9, 1)})["all"]
    assert found["porosity"] is found["porosity_error"] is found["per_item"][0]["true_porosity"] is None
    assert found["pore_dice"] == 0.9
    run = {"task": "core", "split": "held-back strokes", "label_budget": None, "selected": "all"}
    labelled = {"voxels": 40, "strokes": 2, "slices": 1, "classes": {}}
    table = results_table({**run, "methods": {"all": found}, "labelled": labelled, "notes": ["Look."]})
    assert table.startswith("Look.\ncore, held-back strokes, 40 labelled voxels in 2 strokes on 1 slice, tuned: all")
    assert "True porosity" not in table
