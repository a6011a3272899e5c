"""Labelled slices of a task: normalised once per specimen, masked by the field of view."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from synfine_monai.conventions import NORMALISATION, PATCH_SIZE, UNLABELLED
from synfine_monai.data.held_back import keep_strokes
from synfine_monai.data.label_orientation import refuse_other_way
from synfine_monai.data.labels_of_scan import label_file, open_labels, refuse_unlike_shapes
from synfine_monai.data.task import SPLITS, Item, Task
from synfine_monai.data.task_from_scan import labelled_depths, labelled_values
from synfine_monai.errors import ScanError
from synfine_monai.notices import look_at
from synfine_monai.scans import Scan, open_scan
from synfine_monai.survey import (
    IntensityStatistics,
    Memory,
    files_signature,
    find_scan_field_of_view,
    measure_intensity,
    measure_scan_intensity,
    refuse_indices,
)
from synfine_monai.transforms import fill_outside

KEPT_VOXELS = 1 << 25  # of labelled slices of one split, 6 bytes each: larger sets are read anew
_kept, _statistics = Memory(4), Memory(16)


@dataclass(frozen=True)
class LabelledSlice:
    """One slice with labels.

    Args:
        image: (H, W) float32, normalised, filled outside the field of view.
        label: (H, W) uint8 classes; 255 where not labelled or outside the field of view.
        fov: (H, W) bool, True inside the core.
        item: name of the item.
        specimen: which physical core.
        z: index of the slice in its scan.
    """

    image: np.ndarray
    label: np.ndarray
    fov: np.ndarray
    item: str
    specimen: str
    z: int


def load_labelled_slices(
    task: Task,
    split: str,
    normalisation: str = NORMALISATION,
    grey_levels: Mapping[str, Any] | None = None,
    way: str = "auto",
) -> list[LabelledSlice]:
    """All labelled slices of a split; only these are read, whatever the size of their scans.

    Args:
        task: the task.
        split: "training", "validation" or "test".
        normalisation: one of ``synfine_monai.survey.METHODS``, measured over all slices of a specimen.
        grey_levels: of a model's training scans, onto whose scale the slices are brought; None takes their own.
        way: how, one of ``synfine_monai.survey.ALIGNMENTS``.

    Raises:
        ScanError: if shapes differ, a class is unknown, nothing is labelled, or labels are masks of 0 and 255.
    """
    items = [item for item in task.items(split) if item.label is not None]
    related = {i: None for item in items for i in (item, *task.specimen_items(item.specimen))}
    files = files_signature(*(path for i in related for path in (i.image, i.label, i.fov)))
    by = (normalisation, grey_levels, way)
    statistics = {s: specimen_statistics(task, s, *by) for s in dict.fromkeys(i.specimen for i in items)}
    scales = [(s.center, s.scale, s.flatten) for s in statistics.values()]
    settings = repr((items, list(related), dict(task.mapping), task.ignored_values, split, scales))
    key = None if files is None else (files, settings)
    slices = _kept.recall(key, lambda: _read_slices(task, items, split, statistics))
    if sum(s.image.size for s in slices) > KEPT_VOXELS:
        _kept.forget(key)
    _refuse_masks_of_255(slices, task)
    _name_absent_classes(slices, task, split)
    return list(slices)


def _read_slices(
    task: Task, items: Sequence[Item], split: str, statistics: Mapping[str, IntensityStatistics]
) -> list[LabelledSlice]:
    slices: list[LabelledSlice] = []
    known: dict[tuple[Path, int], list[tuple[Item, LabelledSlice]]] = {}
    for item in tqdm(items, desc=f"Reading {split} slices", unit="item", leave=False):
        for found in _item_slices(item, task, statistics[item.specimen]):
            same_place = known.setdefault((item.image, found.z), [])
            for before in same_place:
                _refuse_contradiction(item, found, *before, task)
            same_place.append((item, found))
            slices.append(found)
    if not slices:
        raise ScanError(f"{task.path or task.name} has no labelled voxel in its '{split}' items: all are {UNLABELLED}.")
    if not any((s.label != UNLABELLED).any() for s in slices):
        raise ScanError(
            f"{task.path or task.name} labels no voxel inside the field of view in its '{split}' items: label inside "
            "the core, or give its mask by --fov."
        )
    return slices


def _refuse_masks_of_255(slices: Sequence[LabelledSlice], task: Task) -> None:
    """Masks of 0 and 255, of which one value alone would be left."""
    if any(((s.label != 0) & (s.label != UNLABELLED)).any() for s in slices):
        return
    items = [item for split in SPLITS for item in getattr(task, split) if item.label is not None]
    held = (labelled_values(item, task.ignored_values).values() for item in items)
    only_zero = not any(values - {0} for slices_of_item in held for values in slices_of_item)
    if only_zero and any((s.label[s.fov] == UNLABELLED).any() for s in slices):
        raise ScanError(
            f"{task.path or task.name}: its labels hold no class but 0, and 255 in the core, which is 'not labelled' "
            "here: if it is a class, as in a mask of 0 and 255, save it as 1, or give --scan and --labels instead."
        )


def _refuse_contradiction(item: Item, found: LabelledSlice, before: Item, known: LabelledSlice, task: Task) -> None:
    """Two items of one scan must not call the same voxel by two classes."""
    differ = (found.label != known.label) & (found.label != UNLABELLED) & (known.label != UNLABELLED)
    if differ.any():
        y, x = np.argwhere(differ)[0]
        ours, theirs = task.labels[found.label[y, x]], task.labels[known.label[y, x]]
        raise ScanError(
            f"{before.label} and {item.label} contradict each other on {int(differ.sum()):,} voxels of slice {found.z} "
            f"of {item.image.name}: at (y, x) = ({y}, {x}) they say {theirs} and {ours}; correct one of them."
        )


def _name_absent_classes(slices: Sequence[LabelledSlice], task: Task, split: str) -> None:
    counts = np.sum([np.bincount(s.label.ravel(), minlength=UNLABELLED + 1) for s in slices], 0)[: task.num_classes]
    absent = [name for name, count in zip(task.labels, counts, strict=True) if not count]
    if absent:
        lack = {"training": "learned", "test": "judged"}.get(split, "seen")
        look_at(f"No voxel in the core is labelled {' or '.join(absent)} in the {split} slices: it cannot be {lack}.")


def specimen_statistics(
    task: Task,
    specimen: str,
    normalisation: str = NORMALISATION,
    grey_levels: Mapping[str, Any] | None = None,
    way: str = "auto",
) -> IntensityStatistics:
    """Grey-level statistics inside the core, over all scans and slices of one specimen, labelled or not.

    Args:
        task: whose items they are.
        specimen: which physical core.
        normalisation: as ``load_labelled_slices`` takes it.
        grey_levels: as ``load_labelled_slices`` takes them.
        way: as ``load_labelled_slices`` takes it.
    """
    items = {item.image: item for item in task.specimen_items(specimen)}
    if len(items) == 1:
        (item,) = items.values()
        with open_scan(item.image) as scan:
            return measure_scan_intensity(
                scan, find_scan_field_of_view(scan, item.fov), normalisation, grey_levels, way, task.flatten
            )
    if task.flatten:
        look_at(
            f"--flatten changes nothing in {specimen}: it comes as {len(items)} scans, and a drift runs through one."
        )
    files = files_signature(*(path for item in items.values() for path in (item.image, item.fov)))
    key = None if files is None else (files, normalisation, repr(grey_levels), way)
    return _statistics.recall(key, lambda: _pooled(list(items.values()), normalisation, grey_levels, way))


def _pooled(
    items: Sequence[Item], normalisation: str, grey_levels: Mapping[str, Any] | None, way: str
) -> IntensityStatistics:
    volumes, masks = [], []
    for item in items:
        with open_scan(item.image) as scan:
            refuse_indices(scan)
            fov = find_scan_field_of_view(scan, item.fov)
            for z in np.unique(np.linspace(0, scan.shape[0] - 1, 16).astype(int)):
                volumes.append(scan.read(z, z + 1))
                masks.append(fov.slab(z, z + 1))
    return measure_intensity(volumes, masks, normalisation, grey_levels, way)


def _item_slices(item: Item, task: Task, statistics: IntensityStatistics) -> Iterator[LabelledSlice]:
    with open_scan(item.image) as scan, open_labels(item) as label:
        _check_shapes(item, scan, label)
        fov = find_scan_field_of_view(scan, item.fov)
        depths = labelled_depths(item, task.ignored_values)
        if depths:
            refuse_other_way(scan, label, depths, task.ignored_values)
        for z in depths:
            grey = scan.read(z, z + 1)
            mask = fov.inside(grey, z)
            classes = _to_classes(label.read(z, z + 1), task, label_file(item, label, z))
            usable = mask & keep_strokes(item, task.ignored_values, z, mask.shape[1:])
            image = statistics.normalise(grey, z)
            image = fill_outside(image, mask) if mask.any() else np.zeros_like(image)
            yield LabelledSlice(
                image[0],
                np.where(usable, classes, UNLABELLED).astype(np.uint8)[0],
                mask[0],
                item.name,
                item.specimen,
                int(z),
            )


def _check_shapes(item: Item, scan: Scan, label: Scan) -> None:
    refuse_unlike_shapes(item, scan, label)
    if min(scan.shape[1:]) < PATCH_SIZE:
        raise ScanError(
            f"{item.image} has slices of {scan.shape[1]}×{scan.shape[2]} voxels; a patch needs "
            f"{PATCH_SIZE}×{PATCH_SIZE}."
        )


def _to_classes(values: np.ndarray, task: Task, file: Path) -> np.ndarray:
    known: Sequence[int] = [*task.mapping, *task.ignored_values]
    unknown = np.unique(values[np.isin(values, known, invert=True)])
    if unknown.size:
        raise ScanError(
            f"{file} holds the class {unknown[0]}, but the labels are {sorted(task.mapping)} and "
            f"{sorted(set(task.ignored_values))} for 'not labelled'."
        )
    classes = np.full(values.shape, UNLABELLED, np.uint8)
    for value, k in task.mapping.items():
        classes[values == value] = k
    return classes
