"""Counts of (truth, prediction) pairs over the voxels that carry a label and lie in the core."""

import numpy as np

from synfine_monai.conventions import UNLABELLED
from synfine_monai.errors import ScanError

__all__ = ["confusion_matrix"]


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
