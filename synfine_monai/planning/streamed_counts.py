"""What an audit needs of a whole volume of labels, in one pass: voxels of each class, boundaries, sums over blocks."""

from collections.abc import Collection

import numpy as np

from synfine_monai.conventions import OUTSIDE
from synfine_monai.planning.pairs_in_windows import LAGS
from synfine_monai.report import LabelVolume
from synfine_monai.rock import BlockCounter, PairCounter, PairCounts

SLAB_VOXELS = 1 << 24


class StreamedCounts:
    """Counts of a volume of labels, slab by slab in z order, of any thickness.

    Args:
        classes: how many there are.
        pore_labels: those that are pore space.

    Attributes:
        per_slice: (classes,) voxels of each class in the core, for each slice so far.
        outside_in_core: voxels of 255 in the core, which are no class here.
    """

    def __init__(self, classes: int, pore_labels: Collection[int]) -> None:
        self.classes, self.pore_labels = classes, pore_labels
        self.per_slice: list[np.ndarray] = []
        self.outside_in_core = 0
        self._pairs, self._blocks = PairCounter(max(LAGS)), BlockCounter()

    def add(self, classes: np.ndarray, core: np.ndarray) -> None:
        """Count the next slices, (d, H, W) uint8, and bool, whether they are in the core."""
        inside = np.where(core, classes, OUTSIDE)
        self.outside_in_core += int(np.count_nonzero(core & (classes == OUTSIDE)))
        self.per_slice += [np.bincount(image.ravel(), minlength=OUTSIDE + 1)[: self.classes] for image in inside]
        pore = core & np.isin(classes, list(self.pore_labels))
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


def count_labels(volume: LabelVolume, classes: int, slab_voxels: int = SLAB_VOXELS) -> StreamedCounts:
    """Count a volume of labels of any size, a slab at a time."""
    counts = StreamedCounts(classes, volume.pore_labels)
    for labels, core in volume.slabs(slab_voxels, "Counting"):
        counts.add(labels, core)
    return counts
