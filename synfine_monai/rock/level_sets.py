"""Nested level sets of a probability: what a segmentation would be if its boundary lay a little farther in or out."""

import numpy as np

from synfine_monai.errors import ScanError

BORDER = 0.5  # of the probability of pore space: where labels of two classes change


def needed_shift(chances: np.ndarray, truth: np.ndarray) -> float:
    """How far a window's level has to move from ½ until as many voxels lie above it as are pores.

    Args:
        chances: float, probability of pore space.
        truth: bool of the same shape.

    Returns:
        0 to ½; 0 if the areas agree.
    """
    ordered = np.sort(np.ravel(chances))[::-1]
    wanted, found = int(np.count_nonzero(truth)), int(np.count_nonzero(ordered >= BORDER))
    if wanted > found:
        return float(BORDER - ordered[wanted - 1])
    return float(ordered[wanted] - BORDER) if wanted < found else 0.0


def covering_shift(shifts: np.ndarray, confidence: float = 0.95) -> float:
    """The shift that one more window needs at most, with this confidence: a conformal quantile.

    Args:
        shifts: (n,) of windows that were drawn at random.
        confidence: 0 to 1.

    Raises:
        ScanError: if there are too few windows for that confidence: 19 for 0.95.

    Source: Vovk, Gammerman & Shafer, Algorithmic Learning in a Random World (2005), ch. 2.
    """
    rank = int(np.ceil((len(shifts) + 1) * confidence - 1e-9))
    if rank > len(shifts):
        fewest = int(np.ceil(confidence / (1 - confidence) - 1e-9))
        raise ScanError(f"A band of {confidence:.0%} takes {fewest} labelled windows or more, got {len(shifts)}.")
    return float(np.sort(shifts)[rank - 1])


def fewest_and_most(chances: np.ndarray, shift: float) -> tuple[np.ndarray, np.ndarray]:
    """Fewest and most pores: where the probability is at least ½ + shift, and at least ½ − shift.

    Args:
        chances: float, probability of pore space.
        shift: 0 to ½.

    Raises:
        ScanError: for another shift.
    """
    if not 0 <= shift <= BORDER:
        raise ScanError(f"A level moves by 0 to {BORDER:g}, got {shift:g}.")
    return chances >= min(BORDER + shift, np.nextafter(1, 0)), chances >= max(BORDER - shift, np.nextafter(0, 1))
