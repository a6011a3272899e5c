"""Neighbours in a window, predicted and labelled: what two-point probabilities and surfaces are audited by."""

from collections.abc import Collection, Iterator

import numpy as np

from synfine_monai.conventions import UNLABELLED

LAGS = (1, 2, 4, 8)
"""Voxels, along the rows and columns of a slice."""
FACES = "faces"
"""Neighbours of which one is pore and one is not."""


def pair_name(lag: int) -> str:
    """Pairs that are both pore, ``lag`` voxels apart."""
    return f"both at {lag}"


def pairs_in_window(
    told: np.ndarray, truth: np.ndarray, core: np.ndarray, pores: Collection[int], size: int
) -> dict[str, tuple[int, np.ndarray, np.ndarray, np.ndarray]]:
    """Pairs along the rows and columns of a window with both ends in the core.

    Each pair of the slice, r voxels apart, lies in size·(size − r) windows: as many as any other, so that the
    estimates for voxels hold for pairs too.

    Args:
        told: (h, w) predicted classes.
        truth: (h, w) labelled classes, 255 where not labelled.
        core: (h, w) bool.
        pores: classes that are pore space.
        size: side of the windows in voxels; lags of more than half of it are left out.

    Returns:
        Name -> pairs, and three counts of (it does not hold, it does): predicted; labelled at both ends; and
        predicted, where an end is not labelled.
    """
    predicted, labelled, known = np.isin(told, list(pores)), np.isin(truth, list(pores)), truth != UNLABELLED
    found = {}
    for lag in (one for one in LAGS if 2 * one <= size):
        sides = [list(_pairs(image, lag)) for image in (predicted, labelled, known, core)]
        first, second = ([np.concatenate([pair[k].ravel() for pair in image]) for image in sides] for k in (0, 1))
        inside, told_by = first[3] & second[3], first[2] & second[2]
        found[pair_name(lag)] = _counts(first[0] & second[0], first[1] & second[1], told_by, inside)
        if lag == 1:
            found[FACES] = _counts(first[0] ^ second[0], first[1] ^ second[1], told_by, inside)
    return found


def _pairs(image: np.ndarray, lag: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    yield image[lag:], image[: max(len(image) - lag, 0)]
    yield image[:, lag:], image[:, : max(image.shape[1] - lag, 0)]


def _counts(
    predicted: np.ndarray, labelled: np.ndarray, known: np.ndarray, inside: np.ndarray
) -> tuple[int, np.ndarray, np.ndarray, np.ndarray]:
    parts = (predicted[inside], labelled[inside & known], predicted[inside & ~known])
    first, second, third = (np.bincount(part, minlength=2) for part in parts)
    return int(inside.sum()), first, second, third
