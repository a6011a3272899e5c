"""What all baselines share: fit on labelled voxels, predict a slice, turn into arrays and back."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import ClassVar, Self

import numpy as np

from synfine_monai.conventions import UNLABELLED
from synfine_monai.data import LabelledSlice
from synfine_monai.errors import ScanError


class Baseline(ABC):
    """A classical way to segment, fitted on the very voxels that the network is tuned on."""

    name: ClassVar[str]
    """Its name in ``metrics.json``."""

    @abstractmethod
    def fit(self, slices: Sequence[LabelledSlice]) -> Self:
        """Learn from labelled slices; see ``LabelledSlice``."""

    @abstractmethod
    def classify(self, image: np.ndarray, fov: np.ndarray) -> np.ndarray:
        """Classes of the voxels inside the field of view: (H, W) and (H, W) bool -> (number inside,) uint8."""

    @abstractmethod
    def arrays(self) -> dict[str, np.ndarray]:
        """What has to be stored to predict again: plain arrays, no objects."""

    @classmethod
    @abstractmethod
    def from_arrays(cls, arrays: Mapping[str, np.ndarray]) -> Self:
        """The fitted baseline of ``arrays()``; it predicts the same."""

    def predict(self, image: np.ndarray, fov: np.ndarray | None = None) -> np.ndarray:
        """Segment one slice.

        Args:
            image: (H, W) float32, normalised as the slices of ``fit``.
            fov: (H, W) bool; None: everywhere.

        Returns:
            (H, W) uint8 classes, 255 outside the field of view.
        """
        inside = np.ones(image.shape, dtype=bool) if fov is None else fov.astype(bool)
        classes = np.full(image.shape, UNLABELLED, dtype=np.uint8)
        if inside.any():
            classes[inside] = self.classify(image, inside)
        return classes


def grey_levels_in_core(slices: Sequence[LabelledSlice]) -> np.ndarray:
    """All grey levels inside the field of view of ``slices``, labelled or not: (N,) float32.

    Raises:
        ScanError: if there are none.
    """
    levels = [scan_slice.image[scan_slice.fov.astype(bool)] for scan_slice in slices]
    if not sum(map(len, levels)):
        raise ScanError("A baseline cannot be fitted: no voxel of its slices lies inside the field of view.")
    return np.concatenate(levels)


def labelled_voxels(slices: Sequence[LabelledSlice]) -> list[np.ndarray]:
    """Where a class is known inside the field of view: one (H, W) bool mask a slice.

    Raises:
        ScanError: if no voxel of any slice is labelled.
    """
    masks = [(scan_slice.label != UNLABELLED) & scan_slice.fov.astype(bool) for scan_slice in slices]
    if not any(mask.any() for mask in masks):
        raise ScanError("A baseline cannot be fitted: its slices hold only 255, no voxel in the core is labelled.")
    return masks


def thin_out(count: int, most: int, rng: np.random.Generator) -> np.ndarray:
    """Numbers of at most ``most`` out of ``count`` voxels, drawn without looking at their class, ascending."""
    return np.arange(count) if count <= most else np.sort(rng.choice(count, most, replace=False))
