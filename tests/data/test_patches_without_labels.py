from dataclasses import replace

import numpy as np
import pytest
import tifffile
import torch

from synfine_monai.data import Item, Task, unlabelled_patches
from synfine_monai.errors import ScanError


@pytest.fixture
def task(tmp_path):
    """Four slices of a core in an empty corner-to-corner box; the last one is brighter."""
    rng = np.random.default_rng(0)
    y, x = np.mgrid[:160, :160] - 79.5
    items = []
    for n in range(4):
        rock = 100 + 40 * (n == 3) + rng.integers(0, 9, (160, 160))
        tifffile.imwrite(tmp_path / f"{n}.tif", np.where(np.hypot(y, x) < 76, rock, 0).astype(np.uint8))
        items.append(Item(tmp_path / f"{n}.tif", None, None, "A", f"item{n}"))
    return Task(
        "core", "sandstone", ("pore", "rock"), (("pore",), ("matrix",)), (0,), {0: 0, 1: 1}, training=tuple(items)
    )


def test_patches_lie_inside_the_core_and_on_every_slice(task):
    patches = unlabelled_patches(task, 8)
    assert patches.shape == (8, 1, 64, 64)
    assert patches.dtype == torch.float32
    means = patches.mean((1, 2, 3))
    assert (means > -1.5).all()
    assert (means > 1).sum() == 2


def test_seed_decides_the_places(task):
    assert torch.equal(unlabelled_patches(task, 4, seed=1), unlabelled_patches(task, 4, seed=1))
    assert not torch.equal(unlabelled_patches(task, 4, seed=1), unlabelled_patches(task, 4, seed=2))


def test_held_out_slices_are_others_than_those_seen(task):
    assert (unlabelled_patches(task, 6, part="held_out").mean((1, 2, 3)) > 1).all()
    assert (unlabelled_patches(task, 6, part="seen").mean((1, 2, 3)) < 1).all()


def test_no_images_no_room_and_a_single_slice_are_refused(task, tmp_path):
    with pytest.raises(ScanError, match="names no image in its 'unlabelled' items"):
        unlabelled_patches(task, 4, splits=("unlabelled",))
    with pytest.raises(ScanError, match="no slice holds a 140×140 patch"):
        unlabelled_patches(task, 4, size=140)
    with pytest.raises(ScanError, match="one slice only"):
        unlabelled_patches(replace(task, training=task.training[:1]), 4, part="held_out")
