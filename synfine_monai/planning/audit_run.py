"""Audit a segmentation on disk: count it, compare it with the windows that were labelled, and put intervals on it."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from synfine_monai.conventions import OUTSIDE, UNLABELLED
from synfine_monai.errors import ScanError
from synfine_monai.planning.audit import Audit, audit_shares, phases_of, tell_what_is_missing, windows_that_count
from synfine_monai.planning.plan_files import Plan
from synfine_monai.planning.streamed_counts import SLAB_VOXELS, StreamedCounts, count_labels
from synfine_monai.planning.window_counts import count_windows, phase_tails
from synfine_monai.planning.window_labels import read_window_labels
from synfine_monai.report import LabelVolume, open_label_volume, pore_labels_of
from synfine_monai.scans import Scan


def open_audited(
    labels: Scan, plan: Plan | None = None, pore_labels: int | Sequence[int] | None = None,
    fov: str | Path | None = None, outside_value: int | str | None = None,
) -> LabelVolume:  # fmt: skip
    """The segmentation that is audited, and where its core is.

    Args:
        labels: the segmentation.
        plan: of the audit, if there is one.
        pore_labels: classes that are pore space; None takes those of the plan's model, or as ``pore_labels_of``.
        fov: mask of the core, 0 outside; None: all but what is outside by its value.
        outside_value: see ``open_label_volume``.

    Raises:
        ScanError: for labels that are a mask, and as ``open_label_volume``.
    """
    model = plan.facts["model"] if plan is not None else None
    pores = model["pore_labels"] if model and pore_labels is None else pore_labels_of(labels.info, pore_labels)
    if OUTSIDE in pores:
        raise ScanError(_mask(labels))
    return open_label_volume(labels, pores, fov, outside_value, fewest_slices=1, stated=model is not None)


def audit_segmentation(
    volume: LabelVolume, plan: Plan | None = None, audit_labels: str | Path | None = None, first: int | None = None,
    unlabelled: int = UNLABELLED, slab_voxels: int = SLAB_VOXELS,
) -> Audit:  # fmt: skip
    """Shares of the phases in a segmented scan, with intervals from the labelled windows of a plan.

    Args:
        volume: the segmentation, from ``open_audited``.
        plan: that windows were drawn by; None gives the shares without intervals.
        audit_labels: labels of its windows, see ``read_window_labels``; None as well.
        first: see ``windows_that_count``.
        unlabelled: value of what is not labelled.
        slab_voxels: voxels in memory at once.

    Raises:
        ScanError: for labels that do not fit, or hold nothing.
    """
    counted = count_labels(volume, OUTSIDE, slab_voxels)
    names = names_of_classes([counted], plan, volume.labels)
    if plan is None or audit_labels is None:
        return audit_shares(counted, names, volume.pore_labels)
    drawn = read_window_labels(audit_labels, plan, volume.shape, range(len(names)), unlabelled)
    windows, confidence = windows_that_count(plan, count_windows(plan, volume, drawn, len(names)), first)
    tails = phase_tails(plan, volume, phases_of(names, volume.pore_labels), counted.voxels)
    audit = audit_shares(counted, names, volume.pore_labels, plan, windows, drawn, confidence, tails)
    tell_what_is_missing(audit, first)
    return audit


def names_of_classes(counted: Sequence[StreamedCounts], plan: Plan | None, labels: Scan) -> list[str]:
    """Names of the classes of one segmentation, or of several; the counts are cut to as many.

    Raises:
        ScanError: if there are more than the plan's model has, or 255 is one.
    """
    voxels = sum(one.voxels for one in counted)
    if any(one.outside_in_core for one in counted):
        raise ScanError(_mask(labels))
    model = None if plan is None else plan.facts["model"]
    highest = int(np.flatnonzero(voxels)[-1]) if np.any(voxels) else 0
    names = [f"class {k}" for k in range(highest + 1)] if model is None else list(model["labels"])
    if highest >= len(names):
        raise ScanError(
            f"{labels.info.path.name} holds class {highest}, but the plan's model has {len(names)} classes: was it "
            "segmented by another model?"
        )
    for one in counted:
        one.classes, one.per_slice = len(names), [image[: len(names)] for image in one.per_slice]
    return names


def _mask(labels: Scan) -> str:
    return (
        f"{labels.info.path.name} is a mask, or has 255 as a class: save classes as 0, 1, 2 ... and what is outside "
        "the core as 255."
    )
