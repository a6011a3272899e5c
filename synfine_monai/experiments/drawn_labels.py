"""Labels of a run by rule: strokes of the simulated labeller, and more of them where a network is wrong."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

import synfine_monai
from synfine_monai.conventions import NORMALISATION, UNLABELLED
from synfine_monai.data import (
    LabelledSlice,
    NothingToCorrect,
    Task,
    add_strokes,
    load_datalist,
    load_labelled_slices,
    simulate_strokes,
    write_relabelled,
)
from synfine_monai.experiments.scoring import predictions_of
from synfine_monai.experiments.stage_cache import data_hash
from synfine_monai.handlers import signature_of


def stroke_datalist(datalist: str | Path, binary: bool, rule: Mapping[str, Any], seed: int, folder: str | Path) -> Path:
    """A task whose training labels are strokes, drawn once.

    Args:
        datalist: the task's ``dataset.json``.
        binary: whether strokes are those of solid and pore, or of the task's own classes.
        rule: options of ``simulate_strokes``.
        seed: of the strokes.
        folder: where labels are kept.

    Returns:
        The new ``dataset.json``, with the classes of the old one.

    Raises:
        ScanError: as ``load_datalist`` and ``simulate_strokes``.
    """
    decides = {"data": data_hash(str(datalist)), "binary": binary, "rule": dict(rule), "seed": seed}
    target = _target(folder, decides)
    if not (target / "dataset.json").is_file():
        truth = load_labelled_slices(load_datalist(datalist, binary), "training", NORMALISATION)
        _write(load_datalist(datalist), simulate_strokes(truth, **rule, seed=seed), binary, target)
    return target / "dataset.json"


def corrected_datalist(
    before: Path,
    datalist: str | Path,
    binary: bool,
    model: Path,
    rule: Mapping[str, Any],
    seed: int,
    folder: str | Path,
) -> Path:
    """The strokes of ``before``, and more of each class where a network is wrong on any slice.

    Args:
        before: what ``stroke_datalist`` or this function returned.
        datalist: the task's own ``dataset.json``, which holds the truth.
        binary: as in ``stroke_datalist``.
        model: ``model.pt`` of the network that learned from ``before``.
        rule: options of ``simulate_strokes``, of this round.
        seed: of the strokes.
        folder: where labels are kept.

    Returns:
        The new ``dataset.json``, or that of ``before`` where there is nothing left to correct.
    """
    decides = {"before": before.parent.name, "model": model.parent.name, **rule, "seed": seed}
    target = _target(folder, decides)
    if not (target / "dataset.json").is_file():
        truth = load_labelled_slices(load_datalist(datalist, binary), "training", NORMALISATION)
        known = load_labelled_slices(load_datalist(before, binary), "training", NORMALISATION)
        try:
            more = simulate_strokes(truth, **rule, seed=seed, results=predictions_of(model, truth))
        except NothingToCorrect:
            return before
        _write(load_datalist(datalist), add_strokes(known, more), binary, target)
    return target / "dataset.json"


def _target(folder: str | Path, decides: Mapping[str, Any]) -> Path:
    return Path(folder) / f"strokes_{signature_of({**decides, 'version': synfine_monai.__version__})}"


def _write(task: Task, slices: Sequence[LabelledSlice], binary: bool, folder: Path) -> None:
    """Strokes of merged classes stand for the first of the classes that are merged."""
    values = np.arange(UNLABELLED + 1, dtype=np.uint8)
    if binary:
        pore = task.pore_labels[0]
        values[:2] = next(k for k in range(task.num_classes) if k not in task.pore_labels), pore
    write_relabelled(task, [replace(s, label=values[s.label]) for s in slices], folder)
