"""A segmentation task: which scans, which labels, which classes, and which of the generator's phases they are."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from synfine_monai.conventions import FLUID_PHASES, PHASES, UNLABELLED
from synfine_monai.data.json_schema import check_json
from synfine_monai.errors import ScanError
from synfine_monai.files import named_path

SPLITS = ("training", "validation", "test", "unlabelled")
_BY_CLASS = {"type": "object", "propertyNames": {"pattern": "^[0-9]+$"}}
_FILE = {"type": ["string", "null"]}
_ITEM = {
    "type": "object",
    "required": ["image"],
    "properties": {"image": {"type": "string"}, "label": _FILE, "fov": _FILE},
}
SCHEMA = {
    "type": "object",
    "required": ["labels"],
    "properties": {
        "labels": _BY_CLASS,
        "phases": {
            **_BY_CLASS,
            "additionalProperties": {"type": ["string", "array"], "minItems": 1, "items": {"type": "string"}},
        },
        "pore_labels": {"type": "array", "items": {"type": "integer"}},
        "ignore_label": {"type": "integer"},
        **{split: {"type": "array", "items": _ITEM} for split in SPLITS},
    },
}
"""JSON schema of a ``dataset.json``; further keys are allowed everywhere."""


@dataclass(frozen=True)
class Item:
    """One scan of a task.

    Args:
        image: scan file or slice folder.
        label: label file of the same shape, or None; for a slice folder also a folder with labels of some slices.
        fov: mask file of the field of view, or None to find it.
        specimen: which physical core; statistics are pooled, and splits are made, by specimen.
        name: what tables and figures call it.
        slices: labelled slices that this item may use, None for all; a scan whose labelled slices are shared
            between training and report appears as two items.
        strokes: numbers of the strokes that this item may use, as ``label_parts`` counts them; None for all.
    """

    image: Path
    label: Path | None
    fov: Path | None
    specimen: str
    name: str
    slices: tuple[int, ...] | None = None
    strokes: tuple[int, ...] | None = None


@dataclass(frozen=True)
class Task:
    """A task; class ``k`` is called ``labels[k]`` and covers the generator phases ``phases[k]``.

    ``mapping`` gives, for a value in the label files, its class; ``ignored_values`` mean "not labelled", and any other
    value is unknown. ``voxel_size_um`` is (z, y, x) in µm, or None when nobody knows it. ``judged_by`` says what the
    test items are where nobody named any: "held-back strokes", say. ``flatten`` takes slow drifts of the grey levels
    out of whole scans.
    """

    name: str
    rock: str
    labels: tuple[str, ...]
    phases: tuple[tuple[str, ...], ...]
    pore_labels: tuple[int, ...]
    mapping: Mapping[int, int]
    voxel_size_um: tuple[float, float, float] | None = None
    ignored_values: tuple[int, ...] = (UNLABELLED,)
    training: tuple[Item, ...] = ()
    validation: tuple[Item, ...] = ()
    test: tuple[Item, ...] = ()
    unlabelled: tuple[Item, ...] = ()
    path: str = ""
    held_back: bool = False
    judged_by: str = ""
    binary: bool = False
    flatten: bool = False

    @property
    def num_classes(self) -> int:
        """Number of classes."""
        return len(self.labels)

    def items(self, split: str) -> tuple[Item, ...]:
        """Items of ``split``, one of ``SPLITS``.

        Raises:
            ScanError: if there is no such split, or it is empty.
        """
        if split not in SPLITS:
            raise ScanError(f"split '{split}' is unknown: use one of {', '.join(SPLITS)}.")
        items = getattr(self, split)
        if not any(getattr(self, name) for name in SPLITS):
            raise ScanError("there is no scan to work on: give --datalist, or --scan with --labels.")
        if not items:
            raise ScanError(f"{self.path or self.name} has no '{split}' items; add some, or choose another split.")
        return items

    def specimen_items(self, specimen: str) -> tuple[Item, ...]:
        """All items, labelled or not, of one specimen: what its grey-level statistics are taken from."""
        return tuple(item for split in SPLITS for item in getattr(self, split) if item.specimen == specimen)


def load_datalist(path: str | Path, binary: bool = False) -> Task:
    """Read a decathlon-style ``dataset.json``; paths in it are relative to the file.

    Args:
        path: the JSON file.
        binary: merge the classes to 0 (solid) and 1 (pore space: ``pore_labels``).

    Raises:
        ScanError: if the file is missing, is not JSON, or lacks or contradicts what a task needs.
    """
    path = named_path(path)
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ScanError(f"datalist {path} cannot be read: {error.strerror or error}.") from error
    except ValueError as error:
        raise ScanError(f"datalist {path} is not JSON: {error}.") from error
    if not isinstance(content, dict) or not content.get("labels"):
        raise ScanError(f'datalist {path} has no \'labels\': name the classes as {{"0": "solid", "1": "pore"}}.')
    check_json(content, SCHEMA, f"datalist {path} is not as expected")
    labels, phases = _classes(content, path)
    pore_labels = tuple(int(k) for k in content.get("pore_labels", [k for k, p in enumerate(phases) if p[0] == "pore"]))
    if any(k not in range(len(labels)) for k in pore_labels):
        raise ScanError(
            f"datalist {path} names pore_labels {list(pore_labels)}, but classes are 0 to {len(labels) - 1}."
        )
    task = Task(
        name=str(content.get("name", path.parent.name)),
        rock=str(content.get("rock", "sandstone")),
        labels=labels,
        phases=phases,
        pore_labels=pore_labels,
        mapping={k: k for k in range(len(labels))},
        voxel_size_um=voxel_size(content.get("voxel_size_um"), f"datalist {path}"),
        ignored_values=tuple(dict.fromkeys((int(content.get("ignore_label", UNLABELLED)), UNLABELLED))),
        path=str(path),
        **dict[str, Any]({split: _items(content.get(split, []), path) for split in SPLITS}),
    )
    return merge_to_binary(task) if binary else task


def merge_to_binary(task: Task) -> Task:
    """The same task with the classes solid (0) and pore (1, where ``pore_labels``)."""
    if not task.pore_labels or len(task.pore_labels) == task.num_classes:
        raise ScanError(
            f"{task.path or task.name} cannot be made binary: its pore_labels are {list(task.pore_labels)}."
        )
    merged = [
        tuple(p for k, ps in enumerate(task.phases) if (k in task.pore_labels) == pore for p in ps)
        for pore in (False, True)
    ]
    mapping = {value: int(k in task.pore_labels) for value, k in task.mapping.items()}
    return replace(task, labels=("solid", "pore"), phases=tuple(merged), pore_labels=(1,), mapping=mapping, binary=True)


def synthetic_task(rock: str = "sandstone,carbonate,concrete") -> Task:
    """The task of the shipped weights: every phase of the generator is a class, and there are no scans."""
    return Task(
        name="synthetic",
        rock=rock,
        labels=PHASES,
        phases=tuple((phase,) for phase in PHASES),
        pore_labels=tuple(PHASES.index(phase) for phase in FLUID_PHASES),
        mapping={k: k for k in range(len(PHASES))},
    )


def class_of_phase(task: Task) -> dict[str, int]:
    """Class of every generator phase; a solid phase that the task does not name counts as matrix, a fluid as pore."""
    named = {phase: k for k, phases in enumerate(task.phases) for phase in phases}
    solid = named.get("matrix", next((k for k in range(task.num_classes) if k not in task.pore_labels), 0))
    fluid = named.get("pore", next(iter(task.pore_labels), 0))
    return {phase: named.get(phase, fluid if phase in FLUID_PHASES else solid) for phase in PHASES}


def voxel_size(value: Any, source: str) -> tuple[float, float, float] | None:
    """Three sizes (z, y, x) in µm from one number or three; None stays None.

    Raises:
        ScanError: naming ``source``, if it is neither.
    """
    if value is None:
        return None
    try:
        sizes = [float(v) for v in value] if isinstance(value, list | tuple) else [float(value)] * 3
    except (TypeError, ValueError):
        sizes = []
    if len(sizes) != 3 or not min(sizes) > 0:
        raise ScanError(f"{source} gives the voxel size {value}: use one positive number of µm, or three (z, y, x).")
    return sizes[0], sizes[1], sizes[2]


def _classes(content: Mapping[str, Any], path: Path) -> tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]:
    names = {int(k): str(v) for k, v in content["labels"].items()}
    if sorted(names) != list(range(len(names))):
        raise ScanError(f"datalist {path} numbers its classes {sorted(names)}; they must be 0 to {len(names) - 1}.")
    given = {int(k): v for k, v in content.get("phases", {}).items()}
    if sorted(given) != sorted(names):
        raise ScanError(f"datalist {path} must map each class onto a phase ({', '.join(PHASES)}) in 'phases'.")
    phases = tuple((given[k],) if isinstance(given[k], str) else tuple(given[k]) for k in range(len(names)))
    unknown = [p for ps in phases for p in ps if p not in PHASES]
    if unknown:
        raise ScanError(f"datalist {path} names the phase '{unknown[0]}'; the phases are {', '.join(PHASES)}.")
    return tuple(names[k] for k in range(len(names))), phases


def _items(entries: list[Mapping[str, Any]], path: Path) -> tuple[Item, ...]:
    def resolve(name: str | None) -> Path | None:
        return None if name is None else named_path(path.parent / name)

    items = []
    for entry in entries:
        items.append(
            Item(
                image=resolve(entry["image"]),
                label=resolve(entry.get("label")),
                fov=resolve(entry.get("fov")),
                specimen=str(entry.get("specimen", entry["image"])),
                name=str(entry.get("name", entry["image"])),
            )
        )
    return tuple(items)
