"""An audit by labels that are trained on as well: several networks, each window judged by one that has not seen it."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from synfine_monai.conventions import OUTSIDE, UNLABELLED
from synfine_monai.errors import ScanError
from synfine_monai.networks import read_model_info
from synfine_monai.planning.audit import Audit, audit_shares, phases_of, tell_what_is_missing, windows_that_count
from synfine_monai.planning.audit_run import names_of_classes
from synfine_monai.planning.plan_checks import check_core
from synfine_monai.planning.plan_files import Plan
from synfine_monai.planning.streamed_counts import SLAB_VOXELS, count_labels
from synfine_monai.planning.window_counts import WindowCounts, count_windows, phase_tails
from synfine_monai.planning.window_labels import read_window_labels
from synfine_monai.planning.windows import Window
from synfine_monai.report import open_label_volume
from synfine_monai.scans import Scan, ScanInfo, create_scan, labels_path, open_scan, slab_slices


def fold_of(window: Window, folds: int) -> int:
    """The network that judges a window and does not learn from it, from 0."""
    return (window.id - 1) % folds


def cross_stages(scan: ScanInfo, folds: int, output_dir: str | Path) -> list[dict[str, dict[str, Any]]]:
    """What a ``Pipeline`` runs: for each fold, fine-tuning on the labels of the others, and the segmentation by it."""
    stages: list[dict[str, dict[str, Any]]] = []
    for fold in range(folds):
        folder = str(_folder(output_dir, fold))
        labels = str(labels_path(scan, folder, "_windows"))
        learned = {"labels": labels, "unlabelled_value": UNLABELLED, "baselines": False, "output_dir": folder}
        stages += [{"finetune": learned}, {"inference": {"checkpoint": folder, "output_dir": folder}}]
    return stages


def write_fold_labels(
    scan: Scan, plan: Plan, audit_labels: str | Path, folds: int, output_dir: str | Path, unlabelled: int = UNLABELLED
) -> None:
    """Write fold_1/SCAN_windows …, each with the labels of all windows but those that its network will judge.

    Windows are drawn independently of each other, so that one that overlaps a window of another fold is as good a
    judge as any.

    Args:
        scan: the plan's.
        plan: the plan.
        audit_labels: labels of its windows, see ``read_window_labels``.
        folds: how many networks.
        output_dir: where the folders go.
        unlabelled: value of what is not labelled.

    Raises:
        ScanError: if there are too few windows, or a network would not see a class.
    """
    if not 2 <= folds <= len(plan.windows):
        raise ScanError(f"--folds is from 2 to the plan's {len(plan.windows)} windows, got {folds}.")
    drawn = _read(audit_labels, plan, scan.shape, unlabelled)
    by_fold = [_learned(plan, drawn, fold, folds) for fold in range(folds)]
    _check_classes(by_fold)
    step, depth = slab_slices(scan.shape, SLAB_VOXELS), scan.shape[0]
    for fold, windows in enumerate(by_fold):
        path = labels_path(scan.info, _folder(output_dir, fold), "_windows")
        path.parent.mkdir(parents=True, exist_ok=True)
        with create_scan(path, scan.info) as sink:
            for start in range(0, depth, step):
                slab = np.full((min(step, depth - start), *scan.shape[1:]), UNLABELLED, np.uint8)
                for window, labels in windows:
                    if start <= window.z < start + len(slab):
                        _fill(slab[window.z - start], window, labels)
                sink.write(slab)


def audit_cross(
    scan: Scan, plan: Plan, audit_labels: str | Path, folds: int, output_dir: str | Path,
    unlabelled: int = UNLABELLED, slab_voxels: int = SLAB_VOXELS,
) -> Audit:  # fmt: skip
    """Shares of the phases, from segmentations by several networks, each corrected by windows that it has not seen.

    Args:
        scan: the plan's.
        plan: the plan.
        audit_labels: labels of its windows, as for ``write_fold_labels``.
        folds: how many networks.
        output_dir: where ``cross_stages`` left models and segmentations.
        unlabelled: value of what is not labelled.
        slab_voxels: voxels in memory at once.

    Raises:
        ScanError: as ``audit_segmentation``.

    Source: Zrnic & Candès, Cross-prediction-powered inference, PNAS 121 (2024) e2322083121.
    """
    drawn = _read(audit_labels, plan, scan.shape, unlabelled)
    info = read_model_info(_folder(output_dir, 0) / "model.pt")
    pores, known = info["pore_labels"], replace(plan, facts={**plan.facts, "model": {"labels": info["labels"]}})
    windows, counts, tails = [], [], []
    for fold in range(folds):
        with open_scan(labels_path(scan.info, _folder(output_dir, fold))) as labels:
            volume = open_label_volume(labels, pores, fewest_slices=1, stated=True)
            check_core(plan, volume)
            counted = count_labels(volume, OUTSIDE, slab_voxels)
            names = names_of_classes([counted], known, labels)
            own = replace(plan, windows=[one for one in plan.windows if fold_of(one, folds) == fold])
            windows += [replace(one, counted=counted) for one in count_windows(own, volume, drawn, len(names))]
            tails.append(phase_tails(own, volume, phases_of(names, pores), counted.voxels))
            counts.append(counted)
    ordered: list[WindowCounts] = sorted(windows, key=lambda one: one.window.id)
    counting, confidence = windows_that_count(plan, ordered, None)
    longest = {name: max(one[name] for one in tails) for name in tails[0]}
    audit = audit_shares(counts[0], names, pores, plan, counting, drawn, confidence, longest)
    tell_what_is_missing(audit, None)
    return audit


def _folder(output_dir: str | Path, fold: int) -> Path:
    return Path(output_dir).absolute() / f"fold_{fold + 1}"


def _read(path: str | Path, plan: Plan, shape: tuple[int, int, int], unlabelled: int) -> dict[int, np.ndarray]:
    model = plan.facts["model"]
    return read_window_labels(path, plan, shape, range(OUTSIDE - 1 if model is None else len(model["labels"])),
                              unlabelled)  # fmt: skip


def _learned(plan: Plan, drawn: Mapping[int, np.ndarray], fold: int, folds: int) -> list[tuple[Window, np.ndarray]]:
    others = (one for one in plan.windows if fold_of(one, folds) != fold)
    return [(one, drawn[one.id]) for one in others if one.id in drawn]


def _check_classes(by_fold: Sequence[Sequence[tuple[Window, np.ndarray]]]) -> None:
    """Each network must see every class: one that it has not seen would have no number in its labels."""
    seen = [set(np.unique([labels for _, labels in windows]).tolist()) - {UNLABELLED} for windows in by_fold]
    known = set().union(*seen)
    if len(known) < 2 or known != set(range(len(known))):
        raise ScanError(
            f"the windows hold the classes {sorted(known)}: networks learn from two at least, numbered 0, 1, 2 ..."
        )
    for fold, found in enumerate(seen, 1):
        if found != known:
            raise ScanError(
                f"network {fold} would learn from windows without class {min(known - found)}, which only the windows "
                "that it judges hold: label more windows, or take more --folds."
            )


def _fill(image: np.ndarray, window: Window, labels: np.ndarray) -> None:
    """Lay labels on a slice; where windows overlap, what is labelled stays."""
    part, own = image[window.within(*image.shape)], labels[window.own(*image.shape)]
    np.copyto(part, own, where=own != UNLABELLED)
