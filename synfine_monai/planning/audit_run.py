"""Audit a segmentation on disk: count it, compare it with the windows that were labelled, and put intervals on it."""

import dataclasses
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from synfine_monai.conventions import LABELS_SUFFIX, OUTSIDE, POROSITY_SUFFIX, UNLABELLED
from synfine_monai.data import as_whole_labels, outside_value_of
from synfine_monai.errors import ScanError
from synfine_monai.planning.audit import Audit, audit_shares, count_windows, tell_what_is_missing, windows_that_count
from synfine_monai.planning.plan_files import Plan
from synfine_monai.planning.streamed_counts import SLAB_VOXELS, StreamedCounts, count_labels
from synfine_monai.planning.window_labels import read_window_labels
from synfine_monai.report import pore_labels_of, read_classes
from synfine_monai.scans import Scan, stem_of


class ByteLabels(Scan):
    """A volume of labels as uint8 classes, 255 outside the core, however another program stored them.

    Args:
        labels: as they are stored.
    """

    def __init__(self, labels: Scan) -> None:
        self.labels = as_whole_labels(labels)
        super().__init__(dataclasses.replace(labels.info, dtype=np.dtype(np.uint8)))

    def _read(self, start: int, stop: int) -> np.ndarray:
        return read_classes(self.labels, start, stop)

    def close(self) -> None:
        self.labels.close()


def audit_segmentation(
    labels: Scan, plan: Plan | None = None, audit_labels: str | Path | None = None,
    pore_labels: int | Sequence[int] | None = None, first: int | None = None, unlabelled: int = UNLABELLED,
    slab_voxels: int = SLAB_VOXELS,
) -> Audit:  # fmt: skip
    """Shares of the phases in a segmented scan, with intervals from the labelled windows of a plan.

    Args:
        labels: the segmentation, classes from 0, 255 outside the core.
        plan: that windows were drawn by; None gives the shares without intervals.
        audit_labels: labels of its windows, see ``read_window_labels``; None as well.
        pore_labels: classes that are pore space; None takes those of the plan's model, or as ``pore_labels_of``.
        first: see ``windows_that_count``.
        unlabelled: value of what is not labelled.
        slab_voxels: voxels in memory at once.

    Raises:
        ScanError: for labels that do not fit, or hold nothing.
    """
    model = plan.facts["model"] if plan is not None else None
    pores = model["pore_labels"] if model and pore_labels is None else pore_labels_of(labels.info, pore_labels)
    classes = _checked(labels, pores, known=model is not None)
    counted = count_labels(classes, OUTSIDE, pores, slab_voxels)
    names = _names(counted, None if model is None else model["labels"], labels)
    if plan is None or audit_labels is None:
        return audit_shares(counted, names, pores)
    drawn = read_window_labels(audit_labels, plan, labels.shape, range(len(names)), unlabelled)
    windows, confidence = windows_that_count(plan, count_windows(plan, classes, drawn, len(names)), first)
    audit = audit_shares(counted, names, pores, plan, windows, drawn, confidence)
    tell_what_is_missing(audit, first)
    return audit


def _checked(labels: Scan, pores: Sequence[int], known: bool) -> Scan:
    name = stem_of(labels.info).removesuffix(LABELS_SUFFIX)
    stated = known or (labels.info.path.parent / f"{name}{POROSITY_SUFFIX}.json").is_file()
    if outside_value_of(as_whole_labels(labels), None, pores, stated) != OUTSIDE:
        raise ScanError(
            f"{labels.info.path.name} is a mask, or has 255 as a class: save classes as 0, 1, 2 ... and what is "
            "outside the core as 255."
        )
    return ByteLabels(labels)


def _names(counted: StreamedCounts, known: Sequence[str] | None, labels: Scan) -> list[str]:
    """Names of the classes; the counts are cut to as many."""
    voxels = counted.voxels
    highest = int(np.flatnonzero(voxels)[-1]) if voxels.any() else 0
    names = [f"class {k}" for k in range(highest + 1)] if known is None else list(known)
    if highest >= len(names):
        raise ScanError(
            f"{labels.info.path.name} holds class {highest}, but the plan's model has {len(names)} classes: was it "
            "segmented by another model?"
        )
    counted.classes, counted.per_slice = len(names), [image[: len(names)] for image in counted.per_slice]
    return names
