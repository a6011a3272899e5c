"""What an audit needs of a whole volume of labels, in one pass: voxels of each class, boundaries, sums over blocks."""

from collections.abc import Collection

import numpy as np
from tqdm import tqdm

from synfine_monai.conventions import OUTSIDE
from synfine_monai.rock import BlockCounter, PairCounter, PairCounts
from synfine_monai.scans import Scan

SLAB_VOXELS = 1 << 24


class StreamedCounts:
    """Counts of a volume of labels, slab by slab in z order, of any thickness.

    Args:
        classes: how many there are.
        pore_labels: those that are pore space.

    Attributes:
        per_slice: (classes,) voxels of each class in the core, for each slice so far.
    """

    def __init__(self, classes: int, pore_labels: Collection[int]) -> None:
        self.classes, self.pore_labels = classes, pore_labels
        self.per_slice: list[np.ndarray] = []
        self._pairs, self._blocks = PairCounter(1), BlockCounter()

    def add(self, labels: np.ndarray) -> None:
        """Count the next slices, (d, H, W) uint8, 255 outside the core."""
        self.per_slice += [np.bincount(image.ravel(), minlength=OUTSIDE + 1)[: self.classes] for image in labels]
        core, pore = labels != OUTSIDE, np.isin(labels, list(self.pore_labels))
        self._pairs.add(pore, core)
        self._blocks.add(pore, core)

    @property
    def voxels(self) -> np.ndarray:
        """(classes,) int64 of the whole core."""
        return np.asarray(np.array(self.per_slice, np.int64).sum(0))

    @property
    def pairs(self) -> PairCounts:
        """Neighbours along z, y, x in the core, and those with one in pore space and one not."""
        return self._pairs.finish()

    @property
    def blocks(self) -> np.ndarray:
        """(2, D // 8, H // 8, W // 8) pore voxels and core voxels of each block."""
        return self._blocks.finish()

    @property
    def surface(self) -> float:
        """Of the pore space, by volume, in 1/voxel; 0 in a core without neighbours."""
        return self.pairs.specific_surface((1.0, 1.0, 1.0))[0] if self.pairs.pairs[:, 1].any() else 0.0


def count_labels(
    labels: Scan, classes: int, pore_labels: Collection[int], slab_voxels: int = SLAB_VOXELS
) -> StreamedCounts:
    """Count a volume of uint8 labels of any size, a slab at a time."""
    depth, height, width = labels.shape
    step, counts = max(1, slab_voxels // (height * width)), StreamedCounts(classes, pore_labels)
    with tqdm(desc="Counting", total=depth, unit="slice") as bar:
        for start in range(0, depth, step):
            slab = labels.read(start, min(start + step, depth))
            counts.add(slab)
            bar.update(len(slab))
    return counts
