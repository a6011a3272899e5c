"""A copy of a task whose training labels are other ones: what a labeller drew, written as files."""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import tifffile

from synfine_monai.conventions import UNLABELLED
from synfine_monai.data.labelled_slices import LabelledSlice
from synfine_monai.data.task import SPLITS, Item, Task
from synfine_monai.files import atomic_file
from synfine_monai.scans import open_scan


def write_relabelled(task: Task, slices: Sequence[LabelledSlice], folder: str | Path) -> Path:
    """Write ``dataset.json`` with these labels in place of the training items' own; images stay where they are.

    Args:
        task: whose scans, other splits and classes are kept; its classes are those of ``slices``.
        slices: labelled slices of its training items; an item without any is listed under "unlabelled".
        folder: where ``dataset.json`` and ``labels_NUMBER.tif`` go.

    Returns:
        The path of ``dataset.json``.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    lists: dict[str, list] = {split: [_entry(item, item.label) for item in getattr(task, split)] for split in SPLITS}
    lists["training"] = []
    for number, item in enumerate(task.training):
        own = [s for s in slices if s.item == item.name and item.label is not None]
        label = _write_labels(item, own, folder / f"labels_{number}.tif") if own else None
        lists["training" if own else "unlabelled"].append(_entry(item, label))
    content = {
        "name": task.name,
        "rock": task.rock,
        "voxel_size_um": None if task.voxel_size_um is None else list(task.voxel_size_um),
        "labels": {str(k): name for k, name in enumerate(task.labels)},
        "phases": {str(k): list(phases) for k, phases in enumerate(task.phases)},
        "pore_labels": list(task.pore_labels),
        "ignore_label": UNLABELLED,
        **lists,
    }
    with atomic_file(folder / "dataset.json") as temporary:
        temporary.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    return folder / "dataset.json"


def _entry(item: Item, label: Path | None) -> dict[str, str]:
    files = {"image": item.image, "label": label, "fov": item.fov}
    return {
        **{key: str(Path(path).resolve()) for key, path in files.items() if path is not None},
        "specimen": item.specimen,
        "name": item.name,
    }


def _write_labels(item: Item, slices: Sequence[LabelledSlice], path: Path) -> Path:
    with open_scan(item.image) as scan:
        volume = np.full(scan.shape, UNLABELLED, np.uint8)
    for s in slices:
        volume[s.z] = s.label
    with atomic_file(path) as temporary:
        tifffile.imwrite(temporary, volume, photometric="minisblack", compression="zlib")
    return path
