"""What a step of retuning sees: windows of new and old strokes, classes in turn, and of labels only what counts."""

import numpy as np
import pytest
import torch
from painted_rock import longest_run

from synfine_monai.errors import ScanError
from synfine_monai.inferers import MixedPrecisionInferer
from synfine_monai.labelling.brush import Drawing
from synfine_monai.labelling.stroke_batches import StrokeBatches
from synfine_monai.labelling.stroke_windows import FREE, RIM, SIZE, StrokeWindows
from synfine_monai.labelling.strokes import active_strokes


@pytest.fixture
def painted(rock_folder):
    """(windows of strokes, the log's events)."""
    opened, truth = rock_folder
    if not opened.log.events:
        for label, z in ((0, 10), (1, 10), (1, 20), (0, 25)):
            row, column, length = longest_run(truth[z] == label)
            opened.log.add(label, 1.0, "xy", z, [[row, column], [row, column + length - 1]])
    teacher = opened.start.network().eval()
    return StrokeWindows(opened.planes, teacher, MixedPrecisionInferer(), 0), list(opened.log.events)


def test_half_of_the_windows_are_of_new_strokes_and_classes_take_turns(painted):
    windows, events = painted
    draw = StrokeBatches(windows, events, 2, np.random.default_rng(0))
    assert {s.number for of in draw.new.values() for s, _ in of} == {3, 4}
    chosen = [draw._choose(draw.new, 2) + draw._choose(draw.all, 2) for _ in range(40)]
    assert all(sorted(s.label for s, _ in half) == [0, 1] for four in chosen for half in (four[:2], four[2:]))
    batch = draw.batch()
    assert batch["image"].shape == (6, 1, SIZE, SIZE)
    assert [bool((label != 255).any()) for label in batch["label"]] == [True] * 4 + [False] * 2


def test_labels_near_the_border_of_a_window_do_not_count_unless_the_slice_ends_there(painted):
    windows, events = painted
    strokes = active_strokes(events)
    drawing, (_, height, width) = Drawing(strokes, windows.planes.scan.shape), windows.planes.scan.shape
    for stroke in strokes:
        labels = windows.labels(stroke, drawing)
        assert (labels == stroke.label).flatten(1).any(1).all()
        for label, (_, _, box) in zip(labels[:, 0], windows.of(stroke).places, strict=True):
            inner = label[RIM * (box.row > 0) : SIZE - RIM * (box.row + SIZE < height)]
            inner = inner[:, RIM * (box.column > 0) : SIZE - RIM * (box.column + SIZE < width)]
            assert (label != 255).sum() == (inner != 255).sum()


def test_a_stroke_along_the_edge_of_the_slice_is_learned_from(painted):
    windows, events = painted
    edge = type(events[0])(9, 1, 1.0, "xy", 4, ((149.0, 20.0), (149.0, 60.0)))
    labels = windows.labels(edge, Drawing([edge], windows.planes.scan.shape))
    assert (labels == 1).flatten(1).any(1).all()


def test_strokes_that_were_painted_over_are_not_drawn_from(painted):
    windows, events = painted
    first = events[0]
    over = type(first)(5, 1, 6.0, first.view, first.index, first.points)
    draw = StrokeBatches(windows, [*events, over], 0, np.random.default_rng(0))
    assert first not in {s for s, _ in draw.all[0]}


def test_nothing_that_is_left_to_learn_from_is_told(painted):
    windows, events = painted
    erased = [type(s)(5 + k, 255, 9.0, s.view, s.index, s.points) for k, s in enumerate(events)]
    with pytest.raises(ScanError, match="painted over"):
        StrokeBatches(windows, [*events, *erased], 0, np.random.default_rng(0))


def test_windows_of_a_stroke_and_free_ones_are_always_the_same(painted):
    windows, events = painted
    again = StrokeWindows(windows.planes, windows.teacher, windows.inferer, 0)
    for stroke in reversed(active_strokes(events)):
        assert windows.of(stroke).places == again.of(stroke).places
        assert torch.equal(windows.of(stroke).teacher, again.of(stroke).teacher)
    assert len(again.free().places) == FREE
    assert again.free().places == windows.free().places
    assert (again.free().core.float().mean((1, 2, 3)) >= 0.25).all()


def test_what_the_teacher_says_is_what_it_says_of_the_window(painted):
    windows, events = painted
    found = windows.of(events[0])
    with torch.no_grad():
        told = windows.inferer(found.image, windows.teacher)
    torch.testing.assert_close(found.teacher.float(), told, rtol=1e-2, atol=1e-2)
