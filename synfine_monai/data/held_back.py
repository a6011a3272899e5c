"""Which labels are held back from training where they are strokes, or lie on one slice alone."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from synfine_monai.data.labels_of_scan import drawn_depths, is_slice_folder, open_labels
from synfine_monai.data.strokes import Strokes, every_third, filled_share, find_strokes
from synfine_monai.data.task import Item, Task
from synfine_monai.survey import Memory, files_signature

BANDS = 3
"""Parts of an area on a single slice, one above the other."""
_known = Memory(16)


def hold_back_parts(task: Task, slices: int) -> Task | None:
    """Hold back whole strokes: of each class every third, at least one where there are two.

    Areas on a single slice are held back by their lowest third of rows. Where nothing can be held back, the report
    judges by what was learned, and says so.

    Args:
        task: without test items.
        slices: labelled slices of the task.

    Returns:
        None where labels are areas on several slices, which are held back by slices.
    """
    items = [item for item in task.training if item.label is not None]
    labelled, filled = np.sum([_filled_share(item, task.ignored_values) for item in items], axis=0)
    if slices > 1 and 2 * filled >= labelled:
        return None
    parts = [label_parts(item, task.ignored_values) for item in items]
    offsets = np.cumsum([0, *(p.count for p in parts)])
    numbers = np.concatenate([p.numbers + offset for p, offset in zip(parts, offsets, strict=False)])
    held = every_third(Strokes(np.empty(0), np.concatenate([p.values for p in parts]), numbers))
    if not len(held):
        return replace(task, test=task.training, judged_by="training")
    is_held = [np.isin(np.arange(p.count) + offset, held) for p, offset in zip(parts, offsets, strict=False)]
    kept = [_only(item, p, np.flatnonzero(~h)) for item, p, h in zip(items, parts, is_held, strict=True)]
    test = [_only(item, p, np.flatnonzero(h)) for item, p, h in zip(items, parts, is_held, strict=True)]
    judged_by = "held-back rows" if all(map(_is_banded, parts)) else "held-back strokes"
    return replace(task, training=_there(kept), test=_there(test), held_back=True, judged_by=judged_by)


def label_parts(item: Item, ignored_values: Sequence[int]) -> Strokes:
    """The strokes of an item; where its labels are areas, bands of rows with the value -1 instead."""
    return _recalled("parts", item, ignored_values, _read_parts)


def labels_are_strokes(item: Item, ignored_values: Sequence[int]) -> bool:
    """Whether less than half of an item's labelled voxels lie in a window of which at least half is labelled."""
    labelled, filled = _filled_share(item, ignored_values)
    return 2 * filled < labelled or not labelled


def keep_strokes(item: Item, ignored_values: Sequence[int], z: int, shape: tuple[int, int]) -> np.ndarray:
    """(H, W) bool: voxels of slice ``z`` whose label the item may use."""
    if item.strokes is None:
        return np.ones(shape, bool)
    parts, mask = label_parts(item, ignored_values), np.zeros(shape, bool)
    usable = (parts.places[:, 0] == z) & np.isin(parts.numbers, item.strokes)
    mask[tuple(parts.places[usable, 1:].T)] = True
    return mask


def _filled_share(item: Item, ignored_values: Sequence[int]) -> tuple[int, int]:
    return _recalled("share", item, ignored_values, lambda *of: filled_share(mask for _, _, mask in _drawn(*of)))


def _recalled(what: str, item: Item, ignored_values: Sequence[int], read: Callable[..., Any]) -> Any:
    folder = item.image if is_slice_folder(item.label) else None  # its names say which label is whose
    files = files_signature(item.label, folder)
    key = None if files is None else (what, files, tuple(ignored_values))
    return _known.recall(key, lambda: read(item, ignored_values))


def _drawn(item: Item, ignored_values: Sequence[int]) -> Iterator[tuple[int, np.ndarray, np.ndarray]]:
    """(z, values, what is labelled) of every slice that carries a label."""
    with open_labels(item) as labels:
        for z in drawn_depths(labels):
            values = labels.read(z, z + 1)[0]
            mask = np.isin(values, ignored_values, invert=True)
            if mask.any():
                yield z, values, mask


def _read_parts(item: Item, ignored_values: Sequence[int]) -> Strokes:
    if labels_are_strokes(item, ignored_values):
        return find_strokes(_drawn(item, ignored_values))
    places = np.concatenate([np.insert(np.argwhere(mask), 0, z, axis=1) for z, _, mask in _drawn(item, ignored_values)])
    _, row, voxels = np.unique(places[:, :2], axis=0, return_inverse=True, return_counts=True)
    band = BANDS * (np.cumsum(voxels) - voxels) // voxels.sum()
    return Strokes(places, np.full(len(places), -1), band[row.ravel()])


def _is_banded(parts: Strokes) -> bool:
    return bool((parts.values == -1).any())


def _only(item: Item, parts: Strokes, numbers: np.ndarray) -> Item:
    depths = np.unique(parts.places[np.isin(parts.numbers, numbers), 0])
    return replace(item, slices=tuple(map(int, depths)), strokes=tuple(map(int, numbers)))


def _there(items: Sequence[Item]) -> tuple[Item, ...]:
    return tuple(item for item in items if item.slices)
