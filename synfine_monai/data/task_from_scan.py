"""A task from the options of a verb: one scan with its labels or without, so that nobody has to write JSON."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from synfine_monai.data.held_back import hold_back_parts, labels_are_strokes
from synfine_monai.data.label_census import Census, take_census
from synfine_monai.data.label_roles import Roles, check_unlabelled_value, find_roles
from synfine_monai.data.labels_of_scan import drawn_depths, is_slice_folder, open_labels
from synfine_monai.data.phase_names import OUTSIDE_CLASS, phases_by_name
from synfine_monai.data.phase_shares import nearest_class_counts
from synfine_monai.data.task import Item, Task, load_datalist, merge_to_binary, synthetic_task, voxel_size
from synfine_monai.errors import ScanError
from synfine_monai.files import named_path
from synfine_monai.notices import look_at
from synfine_monai.scans import open_scan
from synfine_monai.survey import Memory, files_signature

_depths, _classes = Memory(32), Memory(8)


def load_task(
    datalist: str | None = None,
    scan: str | None = None,
    labels: str | None = None,
    unlabelled_value: int | str | None = None,
    rock: str | None = None,
    binary: bool = False,
    phases: str | None = None,
    fov: str | None = None,
    voxel_size_um: float | Sequence[float] | None = None,
    flatten: bool = False,
) -> Task:
    """The task that the options of a verb describe; without scans, the synthetic task with every phase.

    Raises:
        ScanError: if options contradict each other, or as ``load_datalist`` and ``task_of_scan`` do.
    """
    if not isinstance(binary, bool):
        raise ScanError(f"--binary takes True or False, got {binary!r}.")
    if datalist is not None and (scan is not None or labels is not None):
        raise ScanError("give either --datalist, or --scan with --labels, not both.")
    if datalist is not None:
        task = hold_back(load_datalist(datalist, binary))
    elif scan is not None and labels is not None:
        task = task_of_scan(scan, labels, unlabelled_value, rock or "sandstone", phases, fov)
        task = merge_to_binary(task) if binary else task
    elif scan is not None or labels is not None:
        raise ScanError("--scan and --labels go together: give the scan and the file or folder of its labels.")
    else:
        task = synthetic_task(rock) if rock else synthetic_task()
    if voxel_size_um is not None:
        task = replace(task, voxel_size_um=voxel_size(voxel_size_um, "--voxel_size_um"))
    return replace(task, rock=rock or task.rock, flatten=flatten)


def load_unlabelled_task(
    datalist: str | None = None, scan: str | None = None, fov: str | None = None, rock: str | None = None
) -> Task:
    """The task that the options of a verb describe, when no label is read.

    Args:
        datalist: a ``dataset.json``; labels in it are not opened.
        scan: instead of a datalist, a scan file or slice folder; every phase of the generator is a class then.
        fov: mask of the field of view of ``scan``; None finds it.
        rock: generator preset; None: the datalist's, or sandstone for a scan.

    Raises:
        ScanError: unless exactly one of ``datalist`` and ``scan`` is given, or as ``load_datalist``.
    """
    if (datalist is None) == (scan is None):
        raise ScanError("give either --datalist, or --scan: the look of a rock is learned from one of them.")
    if datalist is not None:
        task = load_datalist(datalist)
        return task if rock is None else replace(task, rock=rock)
    path = named_path(scan)
    mask = None if fov is None else named_path(fov)
    item = Item(image=path, label=None, fov=mask, specimen=path.name, name=path.name)
    return replace(synthetic_task(rock or "sandstone"), name=path.stem.split(".")[0], unlabelled=(item,))


def require_labels(task: Task) -> None:
    """Refuse a task without any labelled scan.

    Raises:
        ScanError: saying which options give one.
    """
    if not any(item.label is not None for item in task.training):
        raise ScanError("there is nothing to learn from: give --datalist, or --scan with --labels.")


def scans_to_segment(task: Task) -> list[str]:
    """Paths of the scans that the test items belong to (without test items, the training items)."""
    return list(dict.fromkeys(str(item.image) for item in task.test or task.training))


def task_of_scan(
    scan: str | Path,
    labels: str | Path,
    unlabelled_value: int | str | None = None,
    rock: str = "sandstone",
    phases: str | Sequence[str] | None = None,
    fov: str | Path | None = None,
) -> Task:
    """A task from a scan and its sparse labels: a volume of the same shape, or a folder of slices matched by name.

    Args:
        scan: scan file or slice folder.
        labels: label volume, or a folder with some of the scan's slices, TIFF or PNG, under the same names.
        unlabelled_value: label value that means "no label" (Fiji, napari and ilastik: 0), "none" if every value is a
            class; None asks the data, see ``label_roles``.
        rock: generator preset.
        phases: the phase of each class, in order, "outside" for air or a mount around the core; None to guess them from
            the grey levels: the darkest class is pore, the most frequent of the others is matrix, what is brighter is
            dense and what lies between is clay. How frequent a class is, areas tell; of strokes, the grey levels.
        fov: mask of the field of view, or None to find it.

    Raises:
        ScanError: if nothing is labelled, or shapes and names do not match.
    """
    scan, labels = named_path(scan), named_path(labels)
    item = Item(scan, labels, None if fov is None else named_path(fov), scan.name, scan.name)
    files = files_signature(scan, labels, item.fov)
    key = None if files is None else (files, unlabelled_value, phases if phases is None else tuple(phases))
    roles, classes, names = _classes.recall(key, lambda: _read_classes(item, unlabelled_value, phases))
    for remark in roles.remarks:
        look_at(remark)
    task = Task(
        name=scan.stem.split(".")[0],
        rock=rock,
        labels=tuple(names),
        phases=tuple((p,) for p in classes),
        pore_labels=tuple(k for k, p in enumerate(classes) if p in ("pore", "water")),
        mapping={value: k for k, value in enumerate(roles.classes)},
        voxel_size_um=_voxel_size_of(scan),
        ignored_values=tuple(dict.fromkeys((*roles.unlabelled, *roles.outside))),
        training=(item,),
        path=str(labels),
    )
    return hold_back(task)


def _read_classes(
    item: Item, unlabelled_value: int | str | None, phases: str | Sequence[str] | None
) -> tuple[Roles, list[str], list[str]]:
    """What the label values are, the phases of the classes and their names, told once."""
    check_unlabelled_value(unlabelled_value)
    census = take_census(item)
    given = [p.strip() for p in phases.split(",")] if isinstance(phases, str) else list(phases or ())
    named = phases_by_name(census.names)
    roles = _roles_by_name(census, item.label, unlabelled_value, given or [named.get(v) for v in census.values])
    values = list(roles.classes)
    _refuse_too_few(item, census, roles)
    known = not given and all(v in named for v in values)
    guessed = [named[v] for v in values] if known else _guess_phases(item, census, roles)
    classes = [p for p in given if p != OUTSIDE_CLASS] or guessed
    if len(classes) != len(values):
        raise ScanError(
            f"{item.label} holds the classes {values}, but --phases names {len(classes)}: {', '.join(classes)} (what "
            f"lies around the core, here {list(roles.outside) or 'nothing'}, it calls {OUTSIDE_CLASS})."
        )
    names = [p if classes.count(p) == 1 else f"{p} {k}" for k, p in enumerate(classes)]
    called = [f"{v} ({census.names[v]})" if v in census.names else str(v) for v in values]
    told = "Classes: " + ", ".join(f"{v} is {n}" for v, n in zip(called, names, strict=True))
    if not given:
        told += f" ({'by their names' if known else 'guessed from the grey levels'}; --phases says otherwise)"
        roles = replace(roles, remarks=(*roles.remarks, f"{told}."))
    print(told)
    return roles, classes, names


def _refuse_too_few(item: Item, census: Census, roles: Roles) -> None:
    values = list(roles.classes)
    if not values and census.outside.any():
        raise ScanError(
            f"{item.label} labels no voxel inside the field of view of {item.image.name}: give a mask of the core with "
            "--fov, or label the core."
        )
    if len(values) < 2:
        raise ScanError(
            f"{item.label} labels {len(values)} class(es) in the core: {values}; at least two are needed (is "
            f"--unlabelled_value right? {', '.join(map(str, roles.unlabelled)) or 'nothing'} is 'not labelled')."
        )


def _roles_by_name(
    census: Census, file: Path, unlabelled_value: int | str | None, phases: Sequence[str | None]
) -> Roles:
    """Roles with what is called "outside" among the phases of all values that are labels, in their order."""
    roles = find_roles(census, file, unlabelled_value)
    labels = sorted(set(census.values) - {v for v in roles.unlabelled if v not in census.names})
    named = zip(labels, phases, strict=True) if len(labels) == len(phases) else ()
    around = [v for v, phase in named if phase == OUTSIDE_CLASS]
    return find_roles(census, file, unlabelled_value, around) if set(around) - set(roles.outside) else roles


def hold_back(task: Task) -> Task:
    """Without test items, keep every third stroke, or slice of areas, at least one, out of training, for the report.

    A slice that alone shows a class stays in training, as long as another one can be held back in its place.
    """
    if task.test or not task.training:
        return task
    slices = {
        (item, z): held
        for item in task.training
        if item.label is not None
        for z, held in labelled_values(item, task.ignored_values).items()
    }
    if not slices:
        return task
    if (shared := hold_back_parts(task, len(slices))) is not None:
        return shared
    order = list(slices)
    chosen = _without_sole_slices(slices, order[2::3] or order[-1:])
    keep = [pair for pair in order if pair not in chosen]
    return replace(task, training=_regroup(keep), test=_regroup(chosen), held_back=True, judged_by="held-back slices")


def _without_sole_slices(
    slices: Mapping[tuple[Item, int], frozenset[int]], wanted: Sequence[tuple[Item, int]]
) -> list[tuple[Item, int]]:
    """As many slices as ``wanted``, by preference these, so that every class is left in some other slice."""
    left = Counter(value for held in slices.values() for value in held)
    chosen: list[tuple[Item, int]] = []
    for pair in dict.fromkeys((*wanted, *reversed(list(slices)))):
        if len(chosen) < len(wanted) and all(left[value] > 1 for value in slices[pair]):
            chosen.append(pair)
            left.subtract(slices[pair])
    return [pair for pair in slices if pair in (chosen or wanted)]


def labelled_depths(item: Item, ignored_values: Sequence[int]) -> list[int]:
    """Indices z of the slices of ``item`` that carry any label."""
    return list(labelled_values(item, ignored_values))


def labelled_values(item: Item, ignored_values: Sequence[int]) -> dict[int, frozenset[int]]:
    """Index z of each slice of ``item`` that carries any label -> the values that are labels."""
    folder = item.image if is_slice_folder(item.label) else None  # its names say which label is whose
    files = files_signature(item.label, folder)
    key = None if files is None else (files, item.slices, tuple(ignored_values))
    return dict(_depths.recall(key, lambda: _labelled_values(item, ignored_values)))


def _labelled_values(item: Item, ignored_values: Sequence[int]) -> dict[int, frozenset[int]]:
    with open_labels(item) as labels:
        depths = item.slices or drawn_depths(labels)
        found = {z: frozenset(np.unique(labels.read(z, z + 1)).tolist()) - set(ignored_values) for z in depths}
    return {z: held for z, held in found.items() if held}


def _voxel_size_of(path: Path) -> tuple[float, float, float] | None:
    with open_scan(path) as scan:
        return scan.voxel_size_um


def _regroup(pairs: list[tuple[Item, int]]) -> tuple[Item, ...]:
    grouped: dict[Item, list[int]] = {}
    for item, z in pairs:
        grouped.setdefault(item, []).append(z)
    return tuple(replace(item, slices=tuple(depths)) for item, depths in grouped.items())


def _guess_phases(item: Item, census: Census, roles: Roles) -> list[str]:
    values = list(roles.classes)
    greys, counts = census.grey(values), census.inside[values]
    if labels_are_strokes(item, (*roles.unlabelled, *roles.outside)):
        counts = nearest_class_counts(item, greys)  # how much is painted of a class is the labeller's choice
    pore = int(np.argmin(greys))
    matrix = int(np.argmax(np.where(np.arange(len(counts)) == pore, -1, counts)))
    return [
        "pore" if k == pore else "matrix" if k == matrix else "dense" if g > greys[matrix] else "clay"
        for k, g in enumerate(greys)
    ]
