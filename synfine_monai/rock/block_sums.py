"""Voxels of a phase and of the core in small cubes side by side, in a volume that does not fit in memory."""

import numpy as np

BLOCK_EDGE = 8


class BlockCounter:
    """Sums over cubes of 8³ voxels, from slabs in z order, of any thickness; what is over at the ends is left out."""

    def __init__(self) -> None:
        self._layers: list[np.ndarray] = []
        self._rest: np.ndarray | None = None

    def add(self, phase: np.ndarray, core: np.ndarray) -> None:
        """Count the next slices, (d, H, W) bool each."""
        masks = np.stack([phase & core, core])
        if self._rest is not None:
            masks = np.concatenate([self._rest, masks], axis=1)
        depth, height, width = (n // BLOCK_EDGE for n in masks.shape[1:])
        if depth:
            cut = masks[:, : depth * BLOCK_EDGE, : height * BLOCK_EDGE, : width * BLOCK_EDGE]
            sums = cut.reshape(2, depth, BLOCK_EDGE, height, BLOCK_EDGE, width, BLOCK_EDGE).sum(
                (2, 4, 6), dtype=np.int32
            )
            self._layers += list(sums.swapaxes(0, 1))
        self._rest = masks[:, depth * BLOCK_EDGE :].copy()

    def finish(self) -> np.ndarray:
        """(2, D // 8, H // 8, W // 8) int32 voxels of the phase and of the core."""
        return np.stack(self._layers, axis=1) if self._layers else np.zeros((2, 0, 0, 0), np.int32)
