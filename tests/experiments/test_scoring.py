from dataclasses import replace

import numpy as np
import pytest
from shiftable_task import make_task

from synfine_monai.experiments import scoring
from synfine_monai.metrics import decode_counts, dice_of


class Fixed:
    """A fitted baseline that calls pores what is darker than a level of the z-scored image."""

    def __init__(self, level):
        self.level = level

    def predict(self, image, fov):
        return (image < self.level).astype(np.uint8)


@pytest.fixture(scope="module")
def task(tmp_path_factory):
    return make_task(tmp_path_factory.mktemp("task"))


def score(task, level):
    return scoring.score_baseline(Fixed(level), task.datalist, binary=False, split="test")


def test_the_truth_scores_one_everywhere(task):
    scores = score(task, 0)
    labelled = task.label != 255
    assert [scores[name] for name in ("pore_dice", "pore_iou", "mean_dice", "accuracy")] == [1, 1, 1, 1]
    assert scores["porosity"] == pytest.approx((task.label[labelled] == 1).mean())
    assert scores["porosity_error"] == scores["two_point_error"] == 0


def test_without_pores_the_porosity_is_missed_by_itself(task):
    scores = score(task, -np.inf)
    labelled = task.label != 255
    assert scores["pore_dice"] == scores["porosity"] == 0
    assert scores["porosity_error"] == pytest.approx(100 * (task.label[labelled] == 1).mean())
    assert scores["two_point_error"] > 0


def test_places_hold_the_same_voxels_as_the_scores(task):
    scores = score(task, np.inf)
    counts = decode_counts(scores["places"])
    assert counts.shape == (16, 3, 2)
    assert dice_of(counts.sum(0), "pore_dice") == pytest.approx(scores["pore_dice"])
    assert dice_of(counts.sum(0), "mean_dice") == pytest.approx(scores["mean_dice"])
    assert counts[:, :2, 1].sum() == 2 * (task.label != 255).sum()


def test_sensitivities_are_one_cell():
    sensitivity = {
        "sequential": {"down_0": {"mean": 0.01234567, "sd": 1}, "head": {"mean": 12.0}},
        "transversal": {"high": {"mean": 0.5}},
    }
    assert scoring.describe_sensitivity(sensitivity) == "down_0=0.01235 head=12 high=0.5"


def test_some_slices_at_even_distances_are_scored(task, monkeypatch):
    read = scoring.split_slices(task.datalist, False, "test", scoring.NORMALISATION)
    slices = [replace(read[1][0], z=z) for z in range(7)]
    monkeypatch.setattr(scoring, "split_slices", lambda *_: (read[0], slices))
    monkeypatch.setattr(scoring, "_score", lambda predictions, scored, _: [s.z for s in scored] * bool(predictions))
    given = Fixed(0), task.datalist, False, "test"
    assert scoring.score_baseline(*given, 3) == [0, 3, 6]
    assert scoring.score_baseline(*given, 8) == scoring.score_baseline(*given) == list(range(7))
