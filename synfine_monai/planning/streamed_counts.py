"""What an audit needs of a whole volume of labels, in one pass: voxels of each class, boundaries, sums over blocks."""

from collections.abc import Collection
from dataclasses import dataclass, field

import numpy as np
from tqdm import tqdm

from synfine_monai.conventions import OUTSIDE
from synfine_monai.scans import Scan

BLOCK = 8
"""Edge of the smallest blocks in voxels."""
SLAB_VOXELS = 1 << 24


@dataclass
class StreamedCounts:
    """Counts of a volume of labels, slab by slab in z order.

    Attributes:
        classes: how many there are.
        pore_labels: those that are pore space.
        per_slice: (classes,) voxels of each class in the core, for each slice so far.
        faces: (3,) faces between pore space and the rest along z, y, x, both in the core.
        pairs: (3,) neighbours along z, y, x that both lie in the core.
        blocks: pore voxels and core voxels of each layer of blocks of 8³, (2, H // 8, W // 8) each.
    """

    classes: int
    pore_labels: Collection[int]
    per_slice: list[np.ndarray] = field(default_factory=list)
    faces: np.ndarray = field(default_factory=lambda: np.zeros(3, np.int64))
    pairs: np.ndarray = field(default_factory=lambda: np.zeros(3, np.int64))
    blocks: list[np.ndarray] = field(default_factory=list)

    def add(self, labels: np.ndarray, before: np.ndarray | None = None) -> None:
        """Count the next slices.

        Args:
            labels: (d, H, W) uint8, 255 outside the core; d a multiple of 8 for all slabs but the last.
            before: (1, H, W), the slice before them.
        """
        self.per_slice += [np.bincount(image.ravel(), minlength=OUTSIDE + 1)[: self.classes] for image in labels]
        core, pore = labels != OUTSIDE, np.isin(labels, list(self.pore_labels))
        whole = len(labels) // BLOCK * BLOCK
        if whole:
            sums = _block_sums(np.stack([pore[:whole], core[:whole]]))
            self.blocks += list(sums.swapaxes(0, 1))
        if before is not None:
            core = np.concatenate([before != OUTSIDE, core])
            pore = np.concatenate([np.isin(before, list(self.pore_labels)), pore])
        new = slice(0 if before is None else 1, None)
        for axis in range(3):
            one, other = (core, pore) if axis == 0 else (core[new], pore[new])
            both = _ends(one, axis)[0] & _ends(one, axis)[1]
            self.pairs[axis] += np.count_nonzero(both)
            self.faces[axis] += np.count_nonzero(both & (_ends(other, axis)[0] ^ _ends(other, axis)[1]))

    @property
    def voxels(self) -> np.ndarray:
        """(classes,) int64 of the whole core."""
        return np.asarray(np.array(self.per_slice, np.int64).sum(0))

    @property
    def surface(self) -> float:
        """Of the pore space, by volume, in 1/voxel: twice the crossings a voxel of test lines along the three axes.

        Source: Cauchy's formula as in stereology, S_V = 2 P_L; Russ & DeHoff, Practical Stereology, ch. 3.
        """
        crossed = self.faces[self.pairs > 0] / self.pairs[self.pairs > 0]
        return float(2 * crossed.mean()) if len(crossed) else 0.0


def count_labels(
    labels: Scan, classes: int, pore_labels: Collection[int], slab_voxels: int = SLAB_VOXELS
) -> StreamedCounts:
    """Count a volume of uint8 labels of any size, a slab at a time."""
    depth, height, width = labels.shape
    step = max(BLOCK, slab_voxels // (height * width) // BLOCK * BLOCK)
    counts, before = StreamedCounts(classes, pore_labels), None
    with tqdm(desc="Counting", total=depth, unit="slice") as bar:
        for start in range(0, depth, step):
            slab = labels.read(start, min(start + step, depth))
            counts.add(slab, before)
            before = slab[-1:]
            bar.update(len(slab))
    return counts


def _ends(mask: np.ndarray, axis: int) -> tuple[np.ndarray, np.ndarray]:
    count = mask.shape[axis]
    return mask.take(range(count - 1), axis), mask.take(range(1, count), axis)


def _block_sums(masks: np.ndarray) -> np.ndarray:
    """(C, D, H, W) bool -> (C, D // 8, H // 8, W // 8) int32; what is over at the ends is left out."""
    count, depth, height, width = masks.shape
    depth, height, width = (n // BLOCK for n in (depth, height, width))
    cut = masks[:, : depth * BLOCK, : height * BLOCK, : width * BLOCK]
    return cut.reshape(count, depth, BLOCK, height, BLOCK, width, BLOCK).sum((2, 4, 6), dtype=np.int32)
