import csv
import itertools

import numpy as np
import pytest

from synfine_monai.data import LabelledSlice, draw_patches, keep_patches_only, patch_tensors, write_patches
from synfine_monai.errors import ScanError


def labelled(height=300, width=200, empty_rows=0):
    image = np.arange(height * width, dtype=np.float32).reshape(height, width)
    label = np.zeros((height, width), np.uint8)
    label[:empty_rows] = 255
    return LabelledSlice(image, label, label != 255, "core", "A", 3)


def test_patches_never_overlap_and_are_half_labelled():
    slices = [labelled(empty_rows=150), labelled()]
    patches = draw_patches(slices, None, seed=1)
    for a, b in itertools.combinations(patches, 2):
        assert a.index != b.index or abs(a.y - b.y) >= 64 or abs(a.x - b.x) >= 64
    for p in patches:
        assert (slices[p.index].label[p.y : p.y + 64, p.x : p.x + 64] != 255).mean() >= 0.5


def test_a_smaller_budget_is_a_subset_and_seeds_differ():
    slices = [labelled(), labelled()]
    assert draw_patches(slices, 3, seed=5) == draw_patches(slices, 9, seed=5)[:3]
    assert draw_patches(slices, 9, seed=5) != draw_patches(slices, 9, seed=6)


def test_tensors_are_the_windows_of_the_slices():
    slices = [labelled()]
    (patch,) = draw_patches(slices, 1)
    data = patch_tensors(slices, [patch])
    assert data["image"].shape == data["label"].shape == (1, 1, 64, 64)
    assert data["image"][0, 0, 2, 5] == slices[0].image[patch.y + 2, patch.x + 5]


def test_baselines_see_the_same_labels_only():
    slices = [labelled(), labelled()]
    patches = draw_patches(slices, 4)
    kept = keep_patches_only(slices, patches)
    assert sum((s.label != 255).sum() for s in kept) == 4 * 64 * 64


@pytest.mark.parametrize(
    ("budget", "words"), [(0, "positive"), (-3, "positive"), (10_000, "larger than the"), (2.5, "positive")]
)
def test_budgets_that_cannot_be_met_are_refused(budget, words):
    with pytest.raises(ScanError, match=words):
        draw_patches([labelled()], budget)


def test_slices_with_too_few_labels_are_refused():
    with pytest.raises(ScanError, match="label larger areas"):
        draw_patches([labelled(empty_rows=290)], None)


def test_written_patches_can_be_read(tmp_path):
    patches = draw_patches([labelled()], 2)
    write_patches(patches, tmp_path / "patches.csv")
    with (tmp_path / "patches.csv").open() as file:
        rows = list(csv.DictReader(file))
    read = [(r["item"], int(r["z"]), int(r["y"]), int(r["x"])) for r in rows]
    assert read == [(p.item, p.z, p.y, p.x) for p in patches]


def test_context_adds_image_without_labels():
    slices = [labelled()]
    patches = draw_patches(slices, None, seed=2)
    bare, wide = patch_tensors(slices, patches), patch_tensors(slices, patches, context=16)
    assert wide["image"].shape == wide["label"].shape == (len(patches), 1, 96, 96)
    for index, patch in enumerate(patches):
        y, x = min(max(patch.y - 16, 0), 300 - 96), min(max(patch.x - 16, 0), 200 - 96)
        np.testing.assert_array_equal(wide["image"][index, 0], slices[0].image[y : y + 96, x : x + 96])
        inside = wide["label"][index, 0] != 255
        assert inside.sum() == 64 * 64
        np.testing.assert_array_equal(wide["image"][index, 0][inside], bare["image"][index, 0].flatten())


def test_context_never_reaches_beyond_a_small_slice():
    slices = [labelled(70, 200)]
    assert patch_tensors(slices, draw_patches(slices, 1), context=16)["image"].shape[-1] == 70
