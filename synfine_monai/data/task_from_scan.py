"""A task from the options of a verb: one scan with its labels or without, so that nobody has to write JSON."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from synfine_monai.conventions import UNLABELLED
from synfine_monai.data.held_back import hold_back_parts, labels_are_strokes
from synfine_monai.data.labels_of_scan import drawn_depths, is_slice_folder, label_file, open_labels
from synfine_monai.data.phase_shares import nearest_class_counts
from synfine_monai.data.task import Item, Task, load_datalist, merge_to_binary, synthetic_task, voxel_size
from synfine_monai.errors import ScanError
from synfine_monai.scans import open_scan
from synfine_monai.survey import Memory, files_signature

_depths, _classes = Memory(32), Memory(8)


def load_task(
    datalist: str | None = None,
    scan: str | None = None,
    labels: str | None = None,
    unlabelled_value: int | None = None,
    rock: str | None = None,
    binary: bool = False,
    phases: str | None = None,
    fov: str | None = None,
    voxel_size_um: float | Sequence[float] | None = None,
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
    return task if rock is None else replace(task, rock=rock)


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
    path = Path(scan).expanduser().resolve()
    mask = None if fov is None else Path(fov).expanduser().resolve()
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
    unlabelled_value: int | None = None,
    rock: str = "sandstone",
    phases: str | Sequence[str] | None = None,
    fov: str | Path | None = None,
) -> Task:
    """A task from a scan and its sparse labels: a volume of the same shape, or a folder of slices matched by name.

    Args:
        scan: scan file or slice folder.
        labels: label volume, or a folder with some of the scan's slices, TIFF or PNG, under the same names.
        unlabelled_value: label value that means "no label" (Fiji, napari and ilastik: 0); None for 255 only.
        rock: generator preset.
        phases: the phase of each class, in order; None to guess them from the grey levels: the darkest class is pore,
            the most frequent of the others is matrix, what is brighter is dense and what lies between is clay. How
            frequent a class is, areas tell; of strokes, the grey levels of the scan.
        fov: mask of the field of view, or None to find it.

    Raises:
        ScanError: if nothing is labelled, or shapes and names do not match.
    """
    scan, labels = Path(scan).resolve(), Path(labels).resolve()
    item = Item(scan, labels, None if fov is None else Path(fov).resolve(), scan.name, scan.name)
    ignored = tuple(v for v in (UNLABELLED, unlabelled_value) if v is not None)
    files = files_signature(scan, labels)
    key = None if files is None else (files, ignored, phases if phases is None else tuple(phases))
    values, classes, names = _classes.recall(key, lambda: _read_classes(item, ignored, phases))
    task = Task(
        name=scan.stem.split(".")[0],
        rock=rock,
        labels=tuple(names),
        phases=tuple((p,) for p in classes),
        pore_labels=tuple(k for k, p in enumerate(classes) if p in ("pore", "water")),
        mapping={value: k for k, value in enumerate(values)},
        voxel_size_um=_voxel_size_of(scan),
        ignored_values=ignored,
        training=(item,),
        path=str(labels),
    )
    return hold_back(task)


def _read_classes(
    item: Item, ignored: Sequence[int], phases: str | Sequence[str] | None
) -> tuple[list[int], list[str], list[str]]:
    """Label values, their phases and their names, told once."""
    values, counts, greys = _grey_by_value(item, ignored)
    if phases is None:
        # how much is painted of a class is the labeller's choice
        shares = nearest_class_counts(item, greys) if labels_are_strokes(item, ignored) else counts
        classes = _guess_phases(shares, greys)
    else:
        classes = [p.strip() for p in phases.split(",")] if isinstance(phases, str) else list(phases)
    if len(classes) != len(values):
        raise ScanError(
            f"{item.label} holds the classes {values}, but --phases names {len(classes)}: {', '.join(classes)}."
        )
    names = [p if classes.count(p) == 1 else f"{p} {k}" for k, p in enumerate(classes)]
    print(
        "Classes: "
        + ", ".join(f"{v} is {n}" for v, n in zip(values, names, strict=True))
        + ("" if phases is not None else " (guessed from the grey levels; --phases says otherwise)")
    )
    return values, classes, names


def hold_back(task: Task) -> Task:
    """Without test items, keep every third stroke, or slice of areas, at least one, out of training, for the report."""
    if task.test or not task.training:
        return task
    slices = [
        (item, z)
        for item in task.training
        if item.label is not None
        for z in labelled_depths(item, task.ignored_values)
    ]
    if not slices:
        return task
    if (shared := hold_back_parts(task, len(slices))) is not None:
        return shared
    chosen = slices[2::3] or slices[-1:]
    keep = [pair for pair in slices if pair not in chosen]
    return replace(task, training=_regroup(keep), test=_regroup(chosen), held_back=True, judged_by="held-back slices")


def labelled_depths(item: Item, ignored_values: Sequence[int]) -> list[int]:
    """Indices z of the slices of ``item`` that carry any label."""
    folder = item.image if is_slice_folder(item.label) else None  # its names say which label is whose
    files = files_signature(item.label, folder)
    key = None if files is None else (files, item.slices, tuple(ignored_values))
    return list(_depths.recall(key, lambda: _labelled_depths(item, ignored_values)))


def _labelled_depths(item: Item, ignored_values: Sequence[int]) -> tuple[int, ...]:
    with open_labels(item) as labels:
        depths = item.slices or drawn_depths(labels)
        return tuple(z for z in depths if np.isin(labels.read(z, z + 1), ignored_values, invert=True).any())


def _voxel_size_of(path: Path) -> tuple[float, float, float] | None:
    with open_scan(path) as scan:
        return scan.voxel_size_um


def _regroup(pairs: list[tuple[Item, int]]) -> tuple[Item, ...]:
    grouped: dict[Item, list[int]] = {}
    for item, z in pairs:
        grouped.setdefault(item, []).append(z)
    return tuple(replace(item, slices=tuple(depths)) for item, depths in grouped.items())


def _grey_by_value(item: Item, ignored: Sequence[int]) -> tuple[list[int], np.ndarray, np.ndarray]:
    counts, sums = np.zeros(256), np.zeros(256)
    with open_scan(item.image) as image, open_labels(item) as label:
        if image.shape != label.shape:
            raise ScanError(
                f"{item.image} is {image.shape} voxels (z, y, x), but its labels {item.label} are {label.shape}."
            )
        for z in drawn_depths(label):
            values = _checked_labels(label.read(z, z + 1), label_file(item, label, z))
            if np.isin(values, ignored, invert=True).any():
                grey = image.read(z, z + 1)
                counts += np.bincount(values.ravel(), minlength=256)
                sums += np.bincount(values.ravel(), weights=grey.ravel().astype(float), minlength=256)
    values = [int(v) for v in np.flatnonzero(counts) if v not in ignored]
    if len(values) < 2:
        raise ScanError(
            f"{item.label} labels {len(values)} class(es): {values}; at least two are needed (is "
            f"--unlabelled_value right? {UNLABELLED} is always 'not labelled')."
        )
    return values, counts[values], sums[values] / counts[values]


def _checked_labels(values: np.ndarray, file: Path) -> np.ndarray:
    if values.min() < 0 or values.max() > 255 or (values.dtype.kind == "f" and (values % 1).any()):
        raise ScanError(f"{file} must hold classes 0 to 255, but its values go from {values.min()} to {values.max()}.")
    return values.astype(np.uint8)


def _guess_phases(counts: np.ndarray, greys: np.ndarray) -> list[str]:
    pore = int(np.argmin(greys))
    matrix = int(np.argmax(np.where(np.arange(len(counts)) == pore, -1, counts)))
    return [
        "pore" if k == pore else "matrix" if k == matrix else "dense" if g > greys[matrix] else "clay"
        for k, g in enumerate(greys)
    ]
