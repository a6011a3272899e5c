"""Dice, IoU, accuracy and porosity from confusion matrices, as in ``metrics.json``, and how far masks agree."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from synfine_monai.conventions import UNLABELLED
from synfine_monai.errors import ScanError
from synfine_monai.metrics.grey_distances import image_set

BATCH = 64


@dataclass(frozen=True)
class Score:
    """A score of each method, as files, tables and pages show it.

    Args:
        key: in ``metrics.json``.
        title: of its column.
        scale: factor, for the reader.
        decimals: digits after the point.
        best: "max", "min", or None where no method is better than another.
        most: largest possible value, before scaling; the smallest is 0.
    """

    key: str
    title: str
    scale: float = 1.0
    decimals: int = 3
    best: str | None = "max"
    most: float = 1.0

    def text(self, value: float | None) -> str:
        return "–" if value is None else f"{self.scale * value:.{self.decimals}f}"


SCORES = (
    Score("pore_dice", "pore Dice"),
    Score("pore_iou", "pore IoU"),
    Score("mean_dice", "mean Dice"),
    Score("accuracy", "accuracy"),
    Score("porosity", "porosity %", scale=100, decimals=2, best=None),
    Score("porosity_error", "error, points", decimals=2, best="min", most=100),
)
"""The scores of ``segmentation_scores``, in the order of tables."""


def segmentation_scores(
    confusions: Sequence[np.ndarray],
    class_names: Sequence[str],
    pore_labels: Sequence[int],
    items: Sequence[str] | None = None,
) -> dict[str, Any]:
    """Scores of one method over a split, and over each of its items.

    Args:
        confusions: one (K, K) matrix an item, truth in rows, prediction in columns.
        class_names: the K names, by class.
        pore_labels: classes that are pore space; they are merged before ``pore_dice`` and ``pore_iou`` are taken.
        items: names of the items, for ``per_item``; default: their numbers.

    Returns:
        ``pore_dice, pore_iou, mean_dice, accuracy`` (0 to 1, pooled over the items' voxels), ``porosity`` (predicted
        fraction of the labelled voxels), ``porosity_error`` (mean over items of |predicted − true|, percentage
        points, over the same voxels), ``per_class`` {name: {dice, iou}} and ``per_item`` (the same numbers for each
        item, with ``true_porosity`` and ``voxels``). A class absent from truth and prediction is None, and left out
        of the mean; so is an item without labelled voxels.

    Raises:
        ScanError: if no item has a labelled voxel inside the field of view.

    Example:
        >>> scores = segmentation_scores([[[90, 10], [0, 100]]], ["solid", "pore"], pore_labels=[1])
        >>> round(scores["pore_dice"], 3), scores["porosity"], round(scores["porosity_error"], 3)
        (0.952, 0.55, 5.0)
    """
    confusions = [np.asarray(matrix, dtype=np.int64) for matrix in confusions]
    pooled = sum(confusions, np.zeros((len(class_names),) * 2, dtype=np.int64))
    if not pooled.sum():
        raise ScanError("There is nothing to score: no item has a labelled voxel inside the field of view.")
    names = [str(number) for number in range(len(confusions))] if items is None else list(items)
    per_item: list[dict[str, Any]] = [
        {"item": name, **_item_scores(matrix, pore_labels)} for name, matrix in zip(names, confusions, strict=True)
    ]
    dice, iou = _dice(pooled), _iou(pooled)
    return {
        **_overall(pooled, pore_labels),
        "porosity_error": _mean([entry["porosity_error"] for entry in per_item]),
        "per_class": {name: {"dice": dice[k], "iou": iou[k]} for k, name in enumerate(class_names)},
        "per_item": per_item,
    }


def _overall(confusion: np.ndarray, pore_labels: Sequence[int]) -> dict[str, float | None]:
    pores = _pores_against_rest(confusion, pore_labels)
    return {
        "pore_dice": _dice(pores)[1],
        "pore_iou": _iou(pores)[1],
        "mean_dice": _mean(_dice(confusion)),
        "accuracy": _ratio(np.trace(confusion), confusion.sum()),
        "porosity": _ratio(pores[:, 1].sum(), confusion.sum()),
    }


def _item_scores(confusion: np.ndarray, pore_labels: Sequence[int]) -> dict[str, float | int | None]:
    scores = _overall(confusion, pore_labels)
    truth = _ratio(_pores_against_rest(confusion, pore_labels)[1].sum(), confusion.sum())
    error = None if truth is None else 100 * abs(scores["porosity"] - truth)
    return {**scores, "true_porosity": truth, "porosity_error": error, "voxels": int(confusion.sum())}


def _pores_against_rest(confusion: np.ndarray, pore_labels: Sequence[int]) -> np.ndarray:
    """(K, K) -> (2, 2): all pore classes are 1, the others 0."""
    is_pore = np.isin(np.arange(len(confusion)), pore_labels)
    merge = np.stack([~is_pore, is_pore]).astype(np.int64)
    return merge @ confusion @ merge.T


def _dice(confusion: np.ndarray) -> list[float | None]:
    sizes = confusion.sum(axis=0) + confusion.sum(axis=1)
    return [_ratio(2 * hits, size) for hits, size in zip(np.diag(confusion), sizes, strict=True)]


def _iou(confusion: np.ndarray) -> list[float | None]:
    hits = np.diag(confusion)
    unions = confusion.sum(axis=0) + confusion.sum(axis=1) - hits
    return [_ratio(hit, union) for hit, union in zip(hits, unions, strict=True)]


def _ratio(part: int, whole: int) -> float | None:
    return float(part / whole) if whole else None


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return float(np.mean(known)) if known else None


def confusion_matrix(prediction: np.ndarray, label: np.ndarray, fov: np.ndarray | None, num_classes: int) -> np.ndarray:
    """Count how often each class was taken for each other, where a label stands inside the field of view.

    Args:
        prediction: integer classes, any shape.
        label: integer classes of the same shape, 255 where nothing is labelled.
        fov: boolean mask of the same shape, True inside the core; None: everywhere.
        num_classes: number K of classes.

    Returns:
        (K, K) int64, truth in rows, prediction in columns. Matrices of several slices may simply be added.

    Raises:
        ScanError: if shapes differ, or a counted voxel holds a class outside 0 … K−1.
    """
    shapes = [array.shape for array in (prediction, label, fov) if array is not None]
    if len(set(shapes)) != 1:
        raise ScanError(f"Prediction, label and field of view differ in shape: {', '.join(map(str, shapes))}.")
    counted = label != UNLABELLED
    if fov is not None:
        counted &= fov.astype(bool)
    truth = _checked(label[counted], "label", num_classes)
    found = _checked(prediction[counted], "prediction", num_classes)
    pairs = np.bincount(truth * num_classes + found, minlength=num_classes**2)
    return pairs.reshape(num_classes, num_classes).astype(np.int64)


def _checked(classes: np.ndarray, name: str, num_classes: int) -> np.ndarray:
    if classes.size and not 0 <= int(classes.min()) <= int(classes.max()) < num_classes:
        wrong = int(classes.max()) if classes.max() >= num_classes else int(classes.min())
        raise ScanError(f"The {name} holds class {wrong}, but there are {num_classes} classes, 0 to {num_classes - 1}.")
    return classes.astype(np.int64)


@torch.inference_mode()
def mask_consistency(
    images: torch.Tensor | np.ndarray,
    masks: torch.Tensor | np.ndarray,
    segment: Callable[[torch.Tensor], torch.Tensor],
    labels: Sequence[str],
    pore_labels: Sequence[int],
) -> dict[str, float | None]:
    """Dice between the masks that images were made from and what ``segment`` finds in them, over all voxels together.

    Args:
        images: (N, 1, H, W) normalised.
        masks: (N, 1, H, W) classes, 255 where nothing was asked for.
        segment: images (B, 1, H, W) float32 on the CPU -> classes (B, 1, H, W) or (B, H, W); trained on other images
            than these, ``lambda x: network(x).argmax(1)`` say, with the network in eval mode.
        labels: names of the classes.
        pore_labels: classes that are pore space; they count as one.

    Returns:
        "pore_dice" and "mean_dice", 0 to 1; None for pores if neither masks nor images have any.

    Raises:
        ScanError: if shapes differ or a class is none of ``labels``.
    """
    batches = torch.from_numpy(image_set(images))[:, None].split(BATCH)
    found = torch.cat([segment(batch).cpu() for batch in batches]).numpy()
    found = found[:, None] if found.ndim == 3 else found
    confusion = confusion_matrix(found, np.asarray(masks), None, len(labels))
    scores = segmentation_scores([confusion], labels, pore_labels)
    return {key: scores[key] for key in ("pore_dice", "mean_dice")}
