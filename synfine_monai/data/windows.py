"""The windows that a run learns from: every labelled voxel is in one, and every class is seen however rare it is."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np

from synfine_monai.conventions import PATCH_SIZE, UNLABELLED
from synfine_monai.data.labelled_slices import LabelledSlice, load_labelled_slices
from synfine_monai.data.patches import MIN_LABELLED, Patch, all_patches, draw_patches, keep_patches_only
from synfine_monai.data.strokes import filled_share, find_strokes
from synfine_monai.data.task import Task
from synfine_monai.errors import ScanError

WINDOWS_OF_CLASS = 64
FULL_PATCHES = 16
"""Half-labelled windows from which on labels are learned as patches."""
FEW_VOXELS = 20
JUDGED = {"held-back rows": "the lowest third of the slice", "training": "the same labels, too few to hold any back"}
WAYS = ("auto", "patches", "strokes")


@dataclass(frozen=True)
class TrainingWindows:
    """What a run learns from.

    Attributes:
        slices: with the labels that it may use, and no others.
        patches: windows of these slices that hold every label of theirs once.
        windows: those that training draws from: the patches, or those of ``stroke_windows``.
        kind: which recipe is for them: "patches", "areas" (as patches, but few) or "strokes".
        budget: labelled patches that were drawn, None where no budget was given.
        labels: what ``describe_labels`` says of them, for the report.
    """

    slices: list[LabelledSlice]
    patches: list[Patch]
    windows: list[Patch]
    kind: str
    budget: int | None
    labels: dict[str, Any]


def training_windows(
    slices: Sequence[LabelledSlice],
    class_names: Sequence[str],
    budget: int | None = None,
    seed: int = 0,
    learn_from: str = "auto",
    size: int = PATCH_SIZE,
) -> TrainingWindows:
    """Choose the windows: where 16 or more are at least half labelled, patches; else windows around strokes.

    Patches are those of ``draw_patches`` and, without a budget, windows around the labels that its grid leaves. Around
    strokes there are windows that hold every labelled voxel, and as many at random for each class.

    Args:
        slices: labelled slices.
        class_names: names of the classes.
        budget: labelled patches to draw; the labels are then those of the patches alone.
        seed: of patches and windows.
        learn_from: "auto" by the rule above; "patches" for those of ``draw_patches`` alone; "strokes" always.
        size: side of a window in voxels.

    Raises:
        ScanError: as ``draw_patches``; if nothing but one class is labelled, or the word is unknown.
    """
    if learn_from not in WAYS:
        raise ScanError(f"--learn_from takes {', '.join(WAYS)}, got {learn_from!r}.")
    if budget is None and learn_from != "patches":
        patches = all_patches(slices, seed, size)
        patches += covering_windows(slices, patches, size)
    else:
        patches = draw_patches(slices, budget, seed, size)
    few = learn_from == "strokes" or (learn_from == "auto" and _half_labelled(slices, patches, size) < FULL_PATCHES)
    drawn = len(patches) if budget is not None or learn_from == "patches" else None
    slices = list(slices) if drawn is None else _only_patches(slices, patches, size)
    labels = describe_labels(slices, class_names, few)
    if few:
        _look_at_classes(labels["classes"], budget)
    windows = stroke_windows(slices, seed, size) if few else patches
    labelled, filled = filled_share((s.label != UNLABELLED for s in slices), size)
    kind = "patches" if not few else "strokes" if learn_from == "strokes" or 2 * filled < labelled else "areas"
    return TrainingWindows(slices, patches, windows, kind, drawn, labels)


def require_windows(task: Task, budget: int | None = None, seed: int = 0) -> None:
    """Read all labels of a task once and tell how many there are, so that what is wrong shows before pre-training.

    Args:
        task: the task.
        budget: see ``training_windows``.
        seed: see ``training_windows``.

    Raises:
        ScanError: as ``load_labelled_slices`` and ``training_windows``; if there is nothing to judge the result by.
    """
    windows = training_windows(load_labelled_slices(task, "training"), task.labels, budget, seed)
    load_labelled_slices(task, "test")
    judged_by = f" The report judges by {JUDGED.get(task.judged_by, task.judged_by)}." if task.judged_by else ""
    print(f"Labels: {labels_in_words(windows.labels)}.{judged_by}", flush=True)


def stroke_windows(slices: Sequence[LabelledSlice], seed: int = 0, size: int = PATCH_SIZE) -> list[Patch]:
    """Windows around few labels: all of ``covering_windows``, and ``balanced_windows``."""
    return covering_windows(slices, (), size) + balanced_windows(slices, WINDOWS_OF_CLASS, seed, size)


def describe_labels(
    slices: Sequence[LabelledSlice], class_names: Sequence[str], strokes: bool = True
) -> dict[str, Any]:
    """Labels in numbers.

    Args:
        slices: labelled slices.
        class_names: names of the classes.
        strokes: count them as well; in areas, where their number says little, it takes long.

    Returns:
        "voxels", "strokes" (connected parts of a class; None where not counted), "slices", and "classes": name ->
        "voxels" and "strokes".
    """
    counts = [np.bincount(s.label.ravel(), minlength=UNLABELLED + 1) for s in slices]
    voxels = np.sum(counts, axis=0)[: len(class_names)]
    found = _count_strokes(slices, len(class_names)) if strokes else [None] * len(class_names)
    return {
        "voxels": int(voxels.sum()),
        "strokes": sum(found) if strokes else None,
        "slices": sum(map(_is_labelled, slices)),
        "classes": {
            name: {"voxels": int(v), "strokes": n} for name, v, n in zip(class_names, voxels, found, strict=True)
        },
    }


def _count_strokes(slices: Sequence[LabelledSlice], classes: int) -> list[int]:
    counts = np.zeros(classes, int)
    for item in dict.fromkeys(s.item for s in slices):
        own = sorted((s for s in slices if s.item == item), key=lambda s: s.z)
        strokes = find_strokes((s.z, s.label, s.label != UNLABELLED) for s in own)
        counts += np.bincount(strokes.values[np.unique(strokes.numbers, return_index=True)[1]], minlength=classes)
    return counts.tolist()


def labels_in_words(labels: Mapping[str, Any]) -> str:
    """``describe_labels`` as one phrase."""
    strokes, slices = labels["strokes"], labels["slices"]
    counted = "" if strokes is None else f" in {strokes:,} stroke{'s' * (strokes != 1)}"
    return f"{labels['voxels']:,} labelled voxels{counted} on {slices} slice{'s' * (slices != 1)}"


def _look_at_classes(classes: Mapping[str, Mapping[str, Any]], budget: int | None) -> None:
    there = [name for name, of in classes.items() if of["voxels"]]
    if len(there) == 1 and budget is None:
        raise ScanError(
            f"only the class '{there[0]}' is labelled for training inside the field of view; label a second one."
        )
    for name in there:
        if (voxels := classes[name]["voxels"]) < FEW_VOXELS:
            _warn_once(
                f"The class '{name}' is learned from {voxels} labelled voxel{'s' * (voxels != 1)}: add strokes of it, "
                "or look closely at what is found."
            )


@lru_cache(maxsize=64)
def _warn_once(words: str) -> None:
    """Every stage of a run looks at the same labels."""
    logging.getLogger(__name__).warning(words)


def _only_patches(slices: Sequence[LabelledSlice], patches: Sequence[Patch], size: int) -> list[LabelledSlice]:
    """As ``keep_patches_only``, with all slices in their place."""
    kept = {(s.item, s.z): s for s in keep_patches_only(slices, patches, size)}
    return [kept.get((s.item, s.z), replace(s, label=np.full_like(s.label, UNLABELLED))) for s in slices]


def _half_labelled(slices: Sequence[LabelledSlice], patches: Sequence[Patch], size: int) -> int:
    """Windows of which at least half is labelled, each voxel counted in the first that holds it."""
    left = [s.label != UNLABELLED for s in slices]
    found = 0
    for p in patches:
        window = left[p.index][p.y : p.y + size, p.x : p.x + size]
        found += bool(window.mean() >= MIN_LABELLED)
        window[:] = False
    return found


def _is_labelled(labelled: LabelledSlice) -> bool:
    return bool((labelled.label != UNLABELLED).any())


def covering_windows(
    slices: Sequence[LabelledSlice], patches: Sequence[Patch] = (), size: int = PATCH_SIZE
) -> list[Patch]:
    """Windows that hold all labelled voxels which ``patches`` leave, each around the first that is left.

    Args:
        slices: labelled slices, at least ``size`` voxels high and wide.
        patches: windows that there are already.
        size: side of a window in voxels.
    """
    windows = []
    for index, labelled in enumerate(slices):
        left = labelled.label != UNLABELLED
        for p in (p for p in patches if p.index == index):
            left[p.y : p.y + size, p.x : p.x + size] = False
        while left.any():
            y, x = _corner(left, size)
            windows.append(Patch(index, labelled.item, labelled.z, y, x))
            left[y : y + size, x : x + size] = False
    return windows


def balanced_windows(
    slices: Sequence[LabelledSlice], of_class: int = WINDOWS_OF_CLASS, seed: int = 0, size: int = PATCH_SIZE
) -> list[Patch]:
    """As many windows of each class as of any other, each with a random labelled voxel of it at a random place inside.

    Args:
        slices: labelled slices, at least ``size`` voxels high and wide.
        of_class: windows of each class.
        seed: of voxels and places.
        size: side of a window in voxels.
    """
    rng = np.random.default_rng([seed, size, 17])
    windows = []
    for k in sorted({int(k) for s in slices for k in np.unique(s.label)} - {UNLABELLED}):
        voxels = np.concatenate([np.insert(np.argwhere(s.label == k), 0, i, axis=1) for i, s in enumerate(slices)])
        for index, *at in voxels[rng.integers(len(voxels), size=of_class)]:
            s = slices[index]
            y, x = (
                int(np.clip(v - rng.integers(size), 0, extent - size))
                for v, extent in zip(at, s.label.shape, strict=True)
            )
            windows.append(Patch(int(index), s.item, s.z, y, x))
    return windows


def _corner(left: np.ndarray, size: int) -> tuple[int, int]:
    """Of a window that begins at the uppermost row of ``left``, and there at the leftmost voxel of what it holds."""
    y = int(left.any(1).argmax())
    x = int(left[y : y + size].any(0).argmax())
    return min(y, left.shape[0] - size), min(x, left.shape[1] - size)
