import json

import numpy as np
import pytest
import torch
from monai.metrics import DiceMetric
from sklearn.metrics import accuracy_score, f1_score, jaccard_score

from synfine_monai.errors import ScanError
from synfine_monai.metrics import confusion_matrix, mask_consistency, segmentation_scores

NAMES = ("solid", "air", "water")
PORES = (1, 2)


@pytest.fixture
def two_slices():
    rng = np.random.default_rng(1)
    label = rng.choice([0, 0, 1, 2], size=(2, 32, 32))
    prediction = np.where(rng.random(label.shape) < 0.8, label, rng.integers(3, size=label.shape))
    return prediction, label


def _scores(prediction, label):
    return segmentation_scores(
        [confusion_matrix(p, t, None, 3) for p, t in zip(prediction, label, strict=True)], NAMES, PORES, ["a", "b"]
    )


def test_pooled_scores_agree_with_scikit_learn(two_slices):
    prediction, label = (array.ravel() for array in two_slices)
    scores = _scores(*two_slices)
    dice = f1_score(label, prediction, average=None)
    assert [scores["per_class"][name]["dice"] for name in NAMES] == pytest.approx(dice)
    iou = jaccard_score(label, prediction, average=None)
    assert [scores["per_class"][name]["iou"] for name in NAMES] == pytest.approx(iou)
    assert scores["mean_dice"] == pytest.approx(dice.mean())
    assert scores["accuracy"] == pytest.approx(accuracy_score(label, prediction))
    assert scores["pore_dice"] == pytest.approx(f1_score(label > 0, prediction > 0))
    assert scores["pore_iou"] == pytest.approx(jaccard_score(label > 0, prediction > 0))


def test_pooled_dice_agrees_with_monai_on_one_large_image(two_slices):
    prediction, label = (torch.from_numpy(array).reshape(1, 1, -1, 32) for array in two_slices)
    dice = DiceMetric(include_background=True, num_classes=3, reduction="none")(prediction, label)[0]
    per_class = _scores(*two_slices)["per_class"]
    assert [per_class[name]["dice"] for name in NAMES] == pytest.approx(dice.tolist(), abs=1e-6)


def test_mistaking_one_pore_for_another_costs_no_pore_dice():
    label = np.array([[0, 1, 2, 2]])
    scores = segmentation_scores([confusion_matrix(np.array([[0, 2, 1, 1]]), label, None, 3)], NAMES, PORES)
    assert scores["pore_dice"] == scores["pore_iou"] == 1.0
    assert scores["mean_dice"] == pytest.approx(1 / 3)
    assert scores["accuracy"] == 0.25


def test_porosity_errors_do_not_cancel_between_items():
    too_many = np.array([[50, 10], [0, 40]])  # truth 40 %, found 50 %
    too_few = np.array([[60, 0], [20, 20]])  # truth 40 %, found 20 %
    scores = segmentation_scores([too_many, too_few], ("solid", "pore"), (1,))
    assert scores["porosity"] == pytest.approx(0.35)
    assert scores["porosity_error"] == pytest.approx(15.0)
    assert [item["true_porosity"] for item in scores["per_item"]] == pytest.approx([0.4, 0.4])
    assert [item["porosity_error"] for item in scores["per_item"]] == pytest.approx([10.0, 20.0])


def test_a_class_that_is_nowhere_is_null_and_left_out_of_the_mean():
    scores = segmentation_scores([np.diag([5, 5, 0])], NAMES, PORES)
    assert scores["per_class"]["water"] == {"dice": None, "iou": None}
    assert scores["mean_dice"] == 1.0


def test_a_class_that_is_missed_altogether_counts_as_zero():
    confusion = np.array([[5, 0, 0], [0, 5, 0], [2, 0, 0]])
    scores = segmentation_scores([confusion], NAMES, PORES)
    assert scores["per_class"]["water"] == {"dice": 0.0, "iou": 0.0}
    assert scores["mean_dice"] == pytest.approx((10 / 12 + 1 + 0) / 3)


def test_an_item_without_labels_does_not_move_the_mean():
    scores = segmentation_scores([np.array([[5, 1], [0, 4]]), np.zeros((2, 2), int)], ("solid", "pore"), (1,))
    assert scores["porosity_error"] == pytest.approx(10.0)
    assert scores["per_item"][1]["porosity"] is None


def test_scores_are_plain_json_with_the_names_of_the_contract():
    scores = json.loads(json.dumps(segmentation_scores([np.eye(2, dtype=int)], ("solid", "pore"), (1,))))
    expected = {"pore_dice", "pore_iou", "mean_dice", "accuracy", "porosity", "porosity_error", "per_class", "per_item"}
    assert set(scores) == expected


def test_refuses_to_score_nothing():
    with pytest.raises(ScanError, match="nothing to score"):
        segmentation_scores([np.zeros((2, 2))], ("solid", "pore"), (1,))


LABEL = np.array([[0, 0, 1], [1, 255, 2]], dtype=np.uint8)
PREDICTION = np.array([[0, 1, 1], [2, 2, 2]], dtype=np.uint8)


def test_counts_truth_in_rows_and_prediction_in_columns():
    expected = [[1, 1, 0], [0, 1, 1], [0, 0, 1]]
    counts = confusion_matrix(PREDICTION, LABEL, None, 3)
    assert counts.tolist() == expected
    assert counts.dtype == np.int64


def test_nothing_outside_the_core_counts():
    fov = np.array([[True, False, True], [False, True, True]])
    assert confusion_matrix(PREDICTION, LABEL, fov, 3).tolist() == [[1, 0, 0], [0, 1, 0], [0, 0, 1]]


def test_what_is_predicted_where_nothing_is_labelled_is_never_looked_at():
    prediction = np.where(LABEL == 255, 255, PREDICTION)
    assert np.array_equal(confusion_matrix(prediction, LABEL, None, 3), confusion_matrix(PREDICTION, LABEL, None, 3))


def test_a_volume_is_the_sum_of_its_slices():
    rng = np.random.default_rng(0)
    label = rng.choice([0, 1, 2, 255], size=(4, 8, 8)).astype(np.uint8)
    prediction = rng.integers(3, size=(4, 8, 8))
    slices = [confusion_matrix(p, t, None, 3) for p, t in zip(prediction, label, strict=True)]
    assert np.array_equal(sum(slices), confusion_matrix(prediction, label, None, 3))


def test_refuses_other_shapes():
    with pytest.raises(ScanError, match="differ in shape"):
        confusion_matrix(PREDICTION, LABEL[:1], None, 3)


@pytest.mark.parametrize(("prediction", "label", "name"), [(PREDICTION, LABEL, "prediction"), (LABEL, LABEL, "label")])
def test_refuses_a_class_that_the_task_does_not_have(prediction, label, name):
    prediction = np.where(label == 255, 0, prediction)
    label = np.where(label == 2, 2 if name == "label" else 1, label)
    with pytest.raises(ScanError, match=f"{name} holds class 2, but there are 2 classes"):
        confusion_matrix(prediction, label, None, 2)


LABELS = ("solid", "pore", "water")
MASKS = torch.zeros(70, 1, 16, 16, dtype=torch.uint8)
MASKS[:, :, :4], MASKS[:, :, 4:8] = 1, 2


def read_back(images: torch.Tensor) -> torch.Tensor:
    return images.round().long().clamp(0, 2)


def test_a_segmenter_that_reads_the_mask_back_finds_all():
    scores = mask_consistency(MASKS.half(), MASKS, lambda x: read_back(x)[:, 0], LABELS, PORES)
    assert scores == {"pore_dice": 1.0, "mean_dice": 1.0}


def test_pores_count_as_one_and_classes_apart():
    swapped = (3 - MASKS.float()) * (MASKS > 0)
    scores = mask_consistency(swapped, MASKS, read_back, LABELS, PORES)
    assert scores["pore_dice"] == 1.0
    assert scores["mean_dice"] == pytest.approx(1 / 3)


def test_half_of_the_pores_lost_is_a_dice_of_two_thirds():
    images = MASKS.clone()
    images[:, :, 4:8] = 0
    scores = mask_consistency(images, MASKS, read_back, LABELS, PORES)
    assert scores["pore_dice"] == pytest.approx(2 / 3)


def test_what_was_not_asked_for_does_not_count():
    masks = MASKS.clone()
    masks[:, :, 4:8] = 255
    images = torch.where(masks == 255, 0, masks)
    assert mask_consistency(images, masks, read_back, LABELS, PORES)["pore_dice"] == 1.0


def test_unknown_classes_are_refused():
    with pytest.raises(ScanError, match="label holds class 7"):
        mask_consistency(MASKS, torch.full_like(MASKS, 7), read_back, LABELS, PORES)
