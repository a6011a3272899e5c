import numpy as np
import pytest

from synfine_monai.errors import ScanError
from synfine_monai.metrics import confusion_matrix

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
