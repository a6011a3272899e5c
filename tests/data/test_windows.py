import logging

import numpy as np
import pytest

from synfine_monai.data import (
    LabelledSlice,
    describe_labels,
    draw_patches,
    labels_in_words,
    patch_tensors,
    training_windows,
)
from synfine_monai.data.windows import WINDOWS_OF_CLASS, _warn_once, covering_windows
from synfine_monai.errors import ScanError

NAMES = ["solid", "pore"]


def sliced(label, z=0):
    return LabelledSlice(np.zeros(label.shape, np.float32), label, np.ones(label.shape, bool), "core", "A", z)


def strokes(*drawn, shape=(200, 150)):
    label = np.full(shape, 255, np.uint8)
    for k, y, x in drawn:
        label[y, x] = k
    return sliced(label)


def area(height, width, shape=(500, 400), k=0):
    label = np.full(shape, 255, np.uint8)
    label[:height, :width] = k
    return sliced(label)


@pytest.mark.parametrize("at", [(0, 0), (199, 149), (100, 70), (0, 149)])
def test_one_voxel_of_a_class_is_seen_as_often_as_many_of_another(at):
    slices = [strokes((0, slice(60, 80), slice(20, 120)), (1, *at))]
    windows = training_windows(slices, NAMES)
    data = patch_tensors(windows.slices, windows.windows, context=8)
    assert windows.kind == "strokes"
    assert sum(bool((label == 1).any()) for label in data["label"]) >= WINDOWS_OF_CLASS
    assert sum(bool((label == 0).any()) for label in data["label"]) >= WINDOWS_OF_CLASS


def test_every_drawn_voxel_is_in_a_window():
    rng = np.random.default_rng(1)
    slices = [strokes((0, *rng.integers(0, 150, (2, 40))), (1, *rng.integers(0, 150, (2, 40)))) for _ in range(3)]
    covered = [np.zeros(s.label.shape, bool) for s in slices]
    for p in covering_windows(slices):
        covered[p.index][p.y : p.y + 64, p.x : p.x + 64] = True
    assert all(c[s.label != 255].all() for c, s in zip(covered, slices, strict=True))


def test_squares_are_used_whole_whatever_the_grid():
    label = np.full((256, 256), 255, np.uint8)
    label[100:164, 90:154] = 0
    label[120:140, 100:110] = 1
    for seed in range(5):
        windows = training_windows([sliced(label)], NAMES, seed=seed)
        assert windows.kind == "areas"
        assert windows.labels["voxels"] == 4096


def test_areas_are_learned_as_patches_and_no_voxel_is_lost():
    slices = [area(480, 390)]
    windows = training_windows(slices, NAMES, seed=3)
    grid = draw_patches(slices, None, seed=3)
    assert windows.kind == "patches"
    assert windows.patches[: len(grid)] == grid
    assert windows.windows == windows.patches
    covered = np.zeros((500, 400), bool)
    for p in windows.patches:
        covered[p.y : p.y + 64, p.x : p.x + 64] = True
    assert covered[:480, :390].all()


def test_a_budget_draws_the_same_patches_as_ever_and_hides_all_other_labels():
    slices = [area(480, 390)]
    for budget, kind in ((4, "areas"), (15, "areas"), (16, "patches"), (20, "patches")):
        windows = training_windows(slices, NAMES, budget, seed=5)
        assert windows.patches == draw_patches(slices, budget, seed=5)
        assert (windows.kind, windows.budget) == (kind, budget)
        assert windows.labels["voxels"] == sum((slices[0].label[p.y : p.y + 64, p.x : p.x + 64] == 0).sum()
                                               for p in windows.patches)  # fmt: skip


def test_patches_alone_are_those_of_the_experiments():
    slices = [area(480, 390)]
    for budget in (None, 2):
        windows = training_windows(slices, NAMES, budget, learn_from="patches")
        assert windows.kind == "patches"
        assert windows.windows == draw_patches(slices, budget)


def test_labels_are_told_as_voxels_strokes_and_slices():
    slices = [strokes((0, 5, slice(0, 20)), (0, 50, slice(0, 20)), (1, 9, 9))]
    found = describe_labels(slices, [*NAMES, "clay"])
    assert labels_in_words(found) == "41 labelled voxels in 3 strokes on 1 slice"
    assert found["classes"]["solid"] == {"voxels": 40, "strokes": 2}
    assert found["classes"]["clay"] == {"voxels": 0, "strokes": 0}
    assert labels_in_words(describe_labels(slices, NAMES, strokes=False)) == "41 labelled voxels on 1 slice"


def test_one_class_alone_is_refused():
    with pytest.raises(ScanError, match="only the class 'pore' is labelled"):
        training_windows([strokes((1, 5, slice(0, 20)))], NAMES)


def test_a_class_of_five_voxels_is_warned_of_once(caplog):
    _warn_once.cache_clear()
    slices = [strokes((0, slice(60, 80), slice(20, 120)), (1, 9, slice(0, 5)))]
    with caplog.at_level(logging.WARNING):
        training_windows(slices, NAMES)
        training_windows(slices, NAMES)
    assert [r.getMessage().split(":")[0] for r in caplog.records] == [
        "The class 'pore' is learned from 5 labelled voxels"
    ]


def test_an_unknown_way_is_refused():
    with pytest.raises(ScanError, match="--learn_from takes auto, patches, strokes"):
        training_windows([strokes((1, 5, 5))], NAMES, learn_from="clicks")
