import numpy as np
import pytest

from synfine_monai.errors import ScanError
from synfine_monai.metrics import (
    confusion_matrix,
    decode_counts,
    dice_of,
    encode_counts,
    place_counts,
    segmentation_scores,
)

PORES = (1, 3)


@pytest.fixture
def slices() -> list[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Three slices with 4 classes: prediction (255 outside the core), label (255 where unlabelled), core."""
    rng = np.random.default_rng(0)
    rows, columns = np.mgrid[:70, :90]
    fov = np.hypot(rows - 35, columns - 45) < 34
    made = []
    for _ in range(3):
        label = rng.choice([0, 1, 2, 3, 255], size=fov.shape, p=[0.4, 0.2, 0.1, 0.1, 0.2]).astype(np.uint8)
        wrong = rng.random(fov.shape) < 0.15
        prediction = np.where(wrong, rng.integers(4, size=fov.shape), np.where(label == 255, 0, label))
        made.append((np.where(fov, prediction, 255).astype(np.uint8), label, fov))
    return made


def test_known_counts_of_two_tiles():
    label = np.array([[0, 1], [255, 1]], np.uint8)
    prediction = np.array([[0, 1], [0, 0]], np.uint8)
    counts = place_counts(prediction, label, np.ones((2, 2), bool), 2, pore_labels=[1], grid=2)
    np.testing.assert_array_equal(counts[0], [[2, 2], [0, 0], [0, 0]])
    np.testing.assert_array_equal(counts[1], [[0, 0], [2, 2], [2, 2]])
    np.testing.assert_array_equal(counts[2], 0)
    np.testing.assert_array_equal(counts[3], [[0, 1], [0, 1], [0, 1]])


@pytest.mark.parametrize("grid", [1, 4, 7])
def test_pooled_over_places_and_slices_they_are_the_scores_of_the_metrics_file(slices, grid):
    counts = sum(place_counts(*images, 4, PORES, grid) for images in slices)
    scores = segmentation_scores([confusion_matrix(*images, 4) for images in slices], list("abcd"), PORES)
    for score in ("mean_dice", "pore_dice"):
        assert dice_of(counts.sum(0), score) == pytest.approx(scores[score], abs=1e-12)


def test_classes_found_nowhere_are_left_out_of_the_mean():
    counts = np.array([[8, 10], [0, 0], [3, 5], [3, 5]])
    assert dice_of(counts, "mean_dice") == pytest.approx((0.8 + 0.6) / 2)
    assert np.isnan(dice_of(np.zeros((3, 2)), "mean_dice"))


def test_dice_keeps_the_leading_axes():
    counts = np.tile([[2, 4], [0, 8]], (5, 3, 1, 1))
    np.testing.assert_array_equal(dice_of(counts, "mean_dice"), np.full((5, 3), 0.5))
    np.testing.assert_array_equal(dice_of(counts, "pore_dice"), np.zeros((5, 3)))


def test_text_comes_back_as_the_same_counts(slices):
    counts = sum(place_counts(*images, 4, PORES) for images in slices)
    counts[5] = 0
    again = decode_counts(encode_counts(counts))
    np.testing.assert_array_equal(again, counts)
    assert again.dtype == np.int64


def test_text_fits_a_cell_and_needs_no_quotes():
    a_million_voxels_a_place = np.random.default_rng(0).integers(1_000_000, size=(16, 5, 2))
    text = encode_counts(a_million_voxels_a_place)
    assert len(text) < 900
    assert not set(text) & set(',"\n\t')


@pytest.mark.parametrize("text", ["", "4x2", "2x2x2|1 2 3 4", "2x2x2|1 2 3 4;5 6 7", "2x2x2|1 2 3 4;5 6 7 ?"])
def test_refuses_a_cell_that_was_cut(text):
    with pytest.raises(ScanError, match="no counts by place"):
        decode_counts(text)


def test_refuses_shapes_that_differ():
    label = np.zeros((8, 8), np.uint8)
    with pytest.raises(ScanError, match=r"\(8, 8\), \(8, 9\)"):
        place_counts(label, label, np.ones((8, 9), bool), 2, [1])


def test_refuses_an_unknown_score():
    with pytest.raises(ValueError, match="mean_dice"):
        dice_of(np.ones((3, 2)), "iou")
