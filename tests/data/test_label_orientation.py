"""Labels without geometry that were saved turned or mirrored: the grey levels tell, and the error says how."""

import numpy as np
import pytest
from labelled_rock import SCAN, TRUTH, areas, rock, strokes, tiff

from synfine_monai.data import load_labelled_slices, load_task
from synfine_monai.data.label_orientation import fitting_ways, way_in_numpy
from synfine_monai.errors import ScanError

SQUARE = rock((12, 80, 80), seed=5)
CUBE = rock((72, 72, 72), seed=6)


def slices_of(tmp_path, labels, scan=SCAN, **options):
    files = {"scan": tiff(tmp_path / "scan.tif", scan), "labels": tiff(tmp_path / "labels.tif", labels)}
    return load_labelled_slices(load_task(**{k: str(v) for k, v in files.items()}, **options), "training")


@pytest.mark.parametrize("draw", [areas, strokes])
@pytest.mark.parametrize(("turn", "words"), [
    (lambda labels: labels[::-1], "labels[::-1, :, :]"),
    (lambda labels: labels[:, ::-1], "labels[:, ::-1, :]"),
    (lambda labels: labels[:, :, ::-1], "labels[:, :, ::-1]"),
    (lambda labels: labels[:, ::-1, ::-1], "labels[:, ::-1, ::-1]"),
])  # fmt: skip
def test_mirrored_labels_are_refused_with_the_way_that_fits(tmp_path, draw, turn, words):
    with pytest.raises(ScanError, match=r"fits scan\.tif far better as") as caught:
        slices_of(tmp_path, turn(draw()), unlabelled_value=0)
    assert f"as {words} (z, y, x)" in str(caught.value)


@pytest.mark.parametrize(("volume", "order"), [(SQUARE, (0, 2, 1)), (CUBE, (2, 1, 0)), (CUBE, (1, 2, 0))])
def test_turned_labels_of_the_same_shape(tmp_path, volume, order):
    truth, scan = volume
    back = tuple(np.argsort(order).tolist())
    with pytest.raises(ScanError) as caught:
        slices_of(tmp_path, truth.transpose(order), scan)
    assert f"as labels.transpose({', '.join(map(str, back))}) (z, y, x)" in str(caught.value)


def test_turned_labels_of_another_shape(tmp_path):
    with pytest.raises(
        ScanError, match=r"the grey levels say that labels\.transpose\(0, 2, 1\)\[:, ::-1, :\] would fit"
    ):
        slices_of(tmp_path, TRUTH[:, ::-1].transpose(0, 2, 1))
    with pytest.raises(ScanError, match=r"labels\.tif are \(96, 88, 11\)\.$"):
        slices_of(tmp_path, TRUTH[1:].transpose(1, 2, 0))


@pytest.mark.parametrize("labels", [TRUTH, areas(), strokes()])
def test_labels_that_lie_right_are_taken(tmp_path, labels):
    assert slices_of(tmp_path, labels)


def test_labels_that_grey_levels_know_nothing_of_are_taken(tmp_path):
    noise = np.random.default_rng(7).integers(100, 200, SCAN.shape).astype(np.uint8)
    assert slices_of(tmp_path, TRUTH, noise, unlabelled_value="none")


def test_ways_in_words():
    assert len(fitting_ways((4, 5, 6), (4, 5, 6))) == 8
    assert len(fitting_ways((4, 4, 4), (4, 4, 4))) == 48
    assert fitting_ways((4, 5, 6), (4, 5, 7)) == []
    labels = np.arange(24).reshape(2, 3, 4)
    way = ((2, 0, 1), (False, True, False))
    expected = np.flip(labels.transpose(way[0]), 1)
    np.testing.assert_array_equal(eval(way_in_numpy(way), {"labels": labels}), expected)


def test_a_few_strokes_that_chance_fits_elsewhere_are_taken(tmp_path):
    drawn = np.zeros_like(TRUTH)
    drawn[2, 20, 10:30], drawn[9, 70, 40:50] = 1, 2  # whatever lies there
    assert slices_of(tmp_path, drawn, unlabelled_value=0)


def test_two_strokes_of_a_class_that_would_lie_around_the_core_otherwise_are_taken(tmp_path):
    scan, drawn = SCAN.copy(), np.zeros_like(TRUTH)
    scan[:, :, -20:] = 0  # air around the core: the strokes would lie there if they were mirrored, and the clicks not
    drawn[5, 20:23, 2:18] = drawn[5, 60:63, 2:18] = 1
    drawn[5, (15, 30, 55, 70), 44] = 2
    assert slices_of(tmp_path, drawn, scan, unlabelled_value=0)
