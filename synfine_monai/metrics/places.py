"""Counts behind the Dice scores, by place in the plane of the slices, so that intervals can resample places."""

from collections.abc import Collection

import numpy as np

from synfine_monai.errors import ScanError
from synfine_monai.metrics.scores import confusion_matrix

_BASE = 36


def place_counts(
    prediction: np.ndarray,
    label: np.ndarray,
    fov: np.ndarray,
    num_classes: int,
    pore_labels: Collection[int],
    grid: int = 4,
) -> np.ndarray:
    """Count hits and sizes of each class in each of ``grid × grid`` tiles of a slice.

    Voxels next to each other, and voxels above each other in neighbouring slices, show the same grains and pores. So
    the same tile of all slices of a scan is one place: add the counts of its slices, and take places as the units.

    Args:
        prediction: (H, W) integer classes; what lies outside ``fov`` is never looked at.
        label: (H, W) integer classes, 255 where nothing is labelled.
        fov: (H, W) bool, True inside the core.
        num_classes: number K of classes.
        pore_labels: classes that are pore space.
        grid: tiles a side; they differ by at most one row or column in size.

    Returns:
        (grid², K + 1, 2) int64, places row by row. For each class [2 · hits, size of truth + size of prediction], over
        the labelled voxels inside ``fov``; the last "class" is all pore space together. Counts of slices may be added.

    Raises:
        ScanError: if shapes differ, or a counted voxel holds a class outside 0 … K−1.
    """
    shapes = [array.shape for array in (prediction, label, fov)]
    if len(set(shapes)) != 1 or label.ndim != 2:
        raise ScanError(f"Places need one (H, W) slice each, got shapes {', '.join(map(str, shapes))}.")
    tiles = zip(*(_tiles(array, grid) for array in (prediction, label, fov)), strict=True)
    return np.stack([_hits_and_sizes(confusion_matrix(p, t, f, num_classes), pore_labels) for p, t, f in tiles])


def dice_of(counts: np.ndarray, score: str) -> np.ndarray:
    """Dice from counts that have been added up over the places and slices to be pooled.

    Args:
        counts: (..., K + 1, 2), the last two axes as ``place_counts`` gives them.
        score: "mean_dice", the mean over the K classes, or "pore_dice", of all pore space.

    Returns:
        (...) float, 0 to 1. A class absent from truth and prediction is left out of the mean; NaN where all are.

    Raises:
        ValueError: if the score is unknown.
    """
    if score not in ("mean_dice", "pore_dice"):
        raise ValueError(f"score must be 'mean_dice' or 'pore_dice', got {score!r}.")
    counts = np.asarray(counts, dtype=np.float64)
    hits, sizes = np.moveaxis(counts[..., :-1, :] if score == "mean_dice" else counts[..., -1:, :], -1, 0)
    present = sizes > 0
    dice = np.divide(hits, sizes, out=np.zeros_like(hits), where=present)
    classes = present.sum(-1)
    return np.divide(dice.sum(-1), classes, out=np.full(classes.shape, np.nan), where=classes > 0)


def encode_counts(counts: np.ndarray) -> str:
    """Write counts into one cell of a CSV file.

    "4x3x2|a 1f 0 0 2 2;;…" holds the shape, then the places between semicolons, each as its numbers in base 36; a
    place without labelled voxels is left empty.

    Args:
        counts: (places, K + 1, 2) integers ≥ 0.
    """
    places = [
        " ".join(np.base_repr(number, _BASE).lower() for number in place.flat) if place.any() else ""
        for place in counts
    ]
    return "x".join(map(str, counts.shape)) + "|" + ";".join(places)


def decode_counts(text: str) -> np.ndarray:
    """Read what ``encode_counts`` wrote.

    Returns:
        (places, K + 1, 2) int64.

    Raises:
        ScanError: if the text is not whole.
    """
    try:
        head, body = text.split("|")
        shape = tuple(int(size) for size in head.split("x"))
        empty = ["0"] * (shape[1] * shape[2])
        numbers = [[int(number, _BASE) for number in place.split() or empty] for place in body.split(";")]
        return np.array(numbers, dtype=np.int64).reshape(shape)
    except (ValueError, IndexError) as error:
        raise ScanError(f"These are no counts by place: {text[:40]!r}. Was the table cut or edited?") from error


def _tiles(image: np.ndarray, grid: int) -> list[np.ndarray]:
    """(H, W) -> its grid² tiles, row by row."""
    return [tile for rows in np.array_split(image, grid, axis=0) for tile in np.array_split(rows, grid, axis=1)]


def _hits_and_sizes(confusion: np.ndarray, pore_labels: Collection[int]) -> np.ndarray:
    """(K, K) -> (K + 1, 2): [2 · hits, size of truth + size of prediction], pore space last."""
    pores = np.isin(np.arange(len(confusion)), list(pore_labels))
    hits, sizes = np.diag(confusion), confusion.sum(0) + confusion.sum(1)
    pore_hits = confusion[np.ix_(pores, pores)].sum()
    return np.stack([2 * np.append(hits, pore_hits), np.append(sizes, sizes[pores].sum())], axis=1)
