"""Labelled 64×64 patches and the label budget."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch

from synfine_monai.conventions import PATCH_SIZE, UNLABELLED
from synfine_monai.data.labelled_slices import LabelledSlice
from synfine_monai.errors import ScanError
from synfine_monai.files import atomic_file

MIN_LABELLED = 0.5


@dataclass(frozen=True)
class Patch:
    """Where a patch lies: its slice (index into the list of labelled slices) and its corner in voxels."""

    index: int
    item: str
    z: int
    y: int
    x: int


def draw_patches(
    slices: Sequence[LabelledSlice], budget: int | None, seed: int = 0, size: int = PATCH_SIZE
) -> list[Patch]:
    """Draw ``budget`` patches at random, unstratified; a smaller budget with the same seed is a subset of a larger one.

    The pool is a grid on every slice, shifted at random, of which at least half of each cell is labelled; so patches
    never overlap.

    Args:
        slices: labelled slices.
        budget: how many patches, or None for all.
        seed: of the grid's shift and of the choice.
        size: side of a patch in voxels.

    Raises:
        ScanError: if the budget is not positive, or there are fewer patches.
    """
    if budget is not None and (isinstance(budget, bool) or not isinstance(budget, int) or budget < 1):
        raise ScanError(f"label_budget must be a positive number of patches or null for all, got {budget!r}.")
    pool = all_patches(slices, seed, size)
    if not pool:
        raise ScanError(
            f"no {size}×{size} patch is at least half labelled in the {len(slices)} labelled slice(s): "
            f"label larger areas{'' if budget is None else ', or leave out --label_budget to learn from strokes'}."
        )
    if budget is not None and budget > len(pool):
        raise ScanError(
            f"label_budget {budget} is larger than the {len(pool)} labelled {size}×{size} patches there are."
        )
    return pool[:budget]


def all_patches(slices: Sequence[LabelledSlice], seed: int = 0, size: int = PATCH_SIZE) -> list[Patch]:
    """The pool of ``draw_patches`` in the order in which it draws; empty where no patch is half labelled."""
    rng = np.random.default_rng([seed, 64])
    pool = [patch for index, s in enumerate(slices) for patch in _grid(s, index, rng, size)]
    return [pool[i] for i in rng.permutation(len(pool))]


def patch_tensors(
    slices: Sequence[LabelledSlice], patches: Sequence[Patch], size: int = PATCH_SIZE, context: int = 0
) -> dict[str, torch.Tensor]:
    """Stack patches, with the image around them if asked for.

    A network that is trained on bare patches sees their borders padded, which it never does in a scan. Context shows it
    what really lies there; it carries no label and costs none.

    Args:
        slices: labelled slices.
        patches: from ``draw_patches``.
        size: side of a patch in voxels.
        context: voxels of image on every side; less where the slices are too small for it. At a slice's edge the window
            is moved inwards.

    Returns:
        "image" (N, 1, S, S) float32 and "label" (N, 1, S, S) uint8, S = size + 2·context; 255 outside the patch.
    """
    smallest = min(min(s.label.shape) for s in slices)
    context = max(0, min(int(context), (smallest - size) // 2))
    images, labels = [], []
    for patch in patches:
        s = slices[patch.index]
        window = tuple(
            _around(start, size, context, extent)
            for start, extent in zip((patch.y, patch.x), s.label.shape, strict=True)
        )
        label = np.full(s.label.shape, UNLABELLED, np.uint8)
        own = slice(patch.y, patch.y + size), slice(patch.x, patch.x + size)
        label[own] = s.label[own]
        images.append(s.image[window])
        labels.append(label[window])
    return {"image": torch.from_numpy(np.stack(images)[:, None]), "label": torch.from_numpy(np.stack(labels)[:, None])}


def _around(start: int, size: int, context: int, extent: int) -> slice:
    """Window of ``size + 2·context`` voxels around a patch, inside the slice."""
    first = min(max(start - context, 0), extent - size - 2 * context)
    return slice(first, first + size + 2 * context)


def keep_patches_only(
    slices: Sequence[LabelledSlice], patches: Sequence[Patch], size: int = PATCH_SIZE
) -> list[LabelledSlice]:
    """The slices with every label outside ``patches`` removed: what the baselines may learn from."""
    kept = []
    for index, labelled in enumerate(slices):
        label = np.full_like(labelled.label, UNLABELLED)
        for p in (p for p in patches if p.index == index):
            window = slice(p.y, p.y + size), slice(p.x, p.x + size)
            label[window] = labelled.label[window]
        if (label != UNLABELLED).any():
            kept.append(replace(labelled, label=label))
    return kept


def write_patches(patches: Sequence[Patch], path: str | Path) -> None:
    """Write ``patches.csv`` (item, z, y, x), atomically."""
    with atomic_file(path) as temporary, temporary.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["item", "z", "y", "x"])
        writer.writerows([p.item, p.z, p.y, p.x] for p in patches)


def _grid(labelled: LabelledSlice, index: int, rng: np.random.Generator, size: int) -> list[Patch]:
    height, width = labelled.label.shape
    shift_y, shift_x = (int(rng.integers(min(size, extent - size + 1))) for extent in (height, width))
    return [
        Patch(index, labelled.item, labelled.z, y, x)
        for y in range(shift_y, height - size + 1, size)
        for x in range(shift_x, width - size + 1, size)
        if (labelled.label[y : y + size, x : x + size] != UNLABELLED).mean() >= MIN_LABELLED
    ]
