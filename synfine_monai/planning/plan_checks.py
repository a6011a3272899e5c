"""Whether labels are those that a plan was made for: the same scan, the same model."""

import csv
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import yaml

from synfine_monai.conventions import PATCH_SIZE
from synfine_monai.errors import ScanError
from synfine_monai.networks import find_checkpoint, weights_hash
from synfine_monai.notices import look_at
from synfine_monai.planning.plan_files import Plan
from synfine_monai.planning.predicted_slices import slice_hash
from synfine_monai.report import LabelVolume
from synfine_monai.scans import Scan, open_scan

OTHER_MODEL = 0.02
"""Share of voxels whose class must have moved before labels are those of another model: views and precisions of one
model differ by less."""

OTHER_CORE = 0.02
"""By which a core may be larger than the plan's: outlines are rounded."""


def checked_plan(
    plan: Plan | None, volume: LabelVolume, scan: str | Path | None, checkpoint: str | None, bundle_root: str
) -> Plan | None:
    """The plan, refused where it is not that of these labels; None stays None.

    Raises:
        ScanError: as ``check_scan``, ``check_core`` and ``check_model``.
    """
    if plan is not None:
        check_scan(plan, volume.labels, scan)
        check_core(plan, volume)
        check_model(plan, volume, checkpoint, bundle_root)
    return plan


def check_scan(plan: Plan, labels: Scan, scan: str | Path | None = None) -> None:
    """Refuse labels of another shape, and another scan than the plan's, by the slices that were drawn.

    Args:
        plan: the plan.
        labels: that are audited.
        scan: the scan; None takes it from where it was planned, if it is still there.

    Raises:
        ScanError: saying what differs.
    """
    facts = plan.facts["scan"]
    if list(labels.shape) != facts["shape"]:
        raise ScanError(
            f"{labels.info.path.name} is {labels.shape} voxels (z, y, x), but the plan's scan {facts['name']} is "
            f"{tuple(facts['shape'])}: give the labels of that scan."
        )
    try:
        opened = open_scan(facts["path"] if scan is None else scan)
    except ScanError:
        if scan is not None:
            raise
        look_at(f"{facts['name']} cannot be opened where it was planned, so that nothing tells whether these labels "
                "are of that scan (--scan says where it is).")  # fmt: skip
        return
    with opened:
        fits = list(opened.shape) == facts["shape"]
        other = [z for z, known in facts["slices"].items() if not fits or slice_hash(opened, int(z)) != known]
    if other:
        raise ScanError(
            f"{scan or facts['path']} is another scan than the one that was planned, {facts['name']}: slice {other[0]} "
            "differs. Give that scan, or make a plan for this one."
        )


def check_core(plan: Plan, volume: LabelVolume) -> None:
    """Refuse a core that reaches beyond the one in which windows were drawn: no window tells of what lies there.

    Raises:
        ScanError: naming the first such slice.
    """
    for z, voxels in plan.facts["scan"].get("core", {}).items():
        _, (core,) = volume.read(int(z), int(z) + 1)
        found = int(np.count_nonzero(core))
        if found > (1 + OTHER_CORE) * voxels:
            raise ScanError(
                f"{volume.labels.info.path.name} has {found:,} voxels in the core on slice {z}, but the plan's windows "
                f"were drawn in a core of {voxels:,}: give the same core (--fov), or the value that is outside it "
                "(--outside_value)."
            )


def check_model(plan: Plan, volume: LabelVolume, checkpoint: str | None, bundle_root: str) -> None:
    """Refuse labels of another model than the plan's, and tell if that one has learned from the plan's windows.

    Args:
        plan: the plan.
        volume: that is audited.
        checkpoint: the model that made them; None takes it from config.yaml beside them, if there is one.
        bundle_root: folder of the bundle.

    Raises:
        ScanError: naming the model, or how many voxels differ.
    """
    known, labels = plan.facts["model"], volume.labels
    if known is None:
        return
    file = _model_of(labels, checkpoint, bundle_root)
    if file is not None and weights_hash(file) != known["weights"]:
        seen = _learned_from(file, plan)
        raise ScanError(
            f"{file} is another model than the one that was planned" + (
                f", and it has learned from window {seen}, so that what it shows there says nothing of elsewhere: "
                "audit it by cross-prediction ('synfine cross'), or" if seen else ":"
            ) + " make a plan for this one."
        )  # fmt: skip
    moved = _moved(volume, known["predicted"])
    if moved > OTHER_MODEL:
        raise ScanError(
            f"{labels.info.path.name} is not what the plan's model says of its scan: {moved:.1%} of the "
            "voxels on the plan's slices are of other classes. Segment the scan with that model, or "
            "make a plan for this one."
        )


def _moved(volume: LabelVolume, predicted: Mapping[str, list[int]]) -> float:
    """Share of the voxels on the slices that were drawn whose class must have changed; in a smaller core, at least."""
    moved, voxels = 0.0, 0
    for z, counts in predicted.items():
        (image,), (core,) = volume.read(int(z), int(z) + 1)
        found = np.bincount(image[core], minlength=len(counts))
        expected = np.pad(counts, (0, len(found) - len(counts)))
        moved += max(np.abs(found - expected).sum() - abs(found.sum() - expected.sum()), 0) / 2
        voxels += sum(counts)
    return moved / max(voxels, 1)


def _model_of(labels: Scan, checkpoint: str | None, bundle_root: str) -> Path | None:
    beside = labels.info.path.parent / "config.yaml"
    if checkpoint is None and beside.is_file():
        sections = yaml.safe_load(beside.read_text(encoding="utf-8")) or {}
        checkpoint = sections.get("inference", {}).get("checkpoint")
        try:
            return find_checkpoint(checkpoint, bundle_root)
        except ScanError:
            return None  # moved since: the labels themselves tell
    return None if checkpoint is None else find_checkpoint(checkpoint, bundle_root)


def _learned_from(model_file: Path, plan: Plan) -> int | None:
    """The first window that meets a patch which the model was trained on, by patches.csv beside it."""
    table = model_file.parent / "patches.csv"
    if not table.is_file():
        return None
    rows = [row for row in csv.DictReader(table.read_text(encoding="utf-8").splitlines()) if _is_of(row, plan)]
    for window in plan.windows:
        if any(_meets(window.y - int(row["y"]), window.x - int(row["x"]), window.size) for row in rows
               if int(row["z"]) == window.z):  # fmt: skip
            return window.id
    return None


def _is_of(row: Mapping[str, str], plan: Plan) -> bool:
    return Path(row["item"]).name == plan.facts["scan"]["name"]


def _meets(down: int, right: int, size: int) -> bool:
    return -size < down < PATCH_SIZE and -size < right < PATCH_SIZE
