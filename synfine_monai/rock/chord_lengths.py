"""Lengths of the chords that lines along z, y and x cut out of a phase, in a volume that does not fit in memory."""

import numpy as np

LONGEST = 4096  # voxels: longer chords count as these


class ChordCounter:
    """Counts chords from slabs in z order, of any thickness.

    A chord that the end of the core cuts off is not counted: nobody knows its length.

    Source: Torquato, Random Heterogeneous Materials (2002), sec. 2.3.4.
    """

    def __init__(self) -> None:
        self._counts = np.zeros((3, LONGEST + 1), np.int64)
        self._open: tuple[np.ndarray, np.ndarray] | None = None  # along z: length so far, and whether it began in core
        self._core_before: np.ndarray | None = None

    def add(self, phase: np.ndarray, core: np.ndarray) -> None:
        """Count the next slices, (d, H, W) bool each."""
        phase = phase & core
        self._along_rows(1, np.swapaxes(phase, 1, 2), np.swapaxes(core, 1, 2))
        self._along_rows(2, phase, core)
        for inside, in_core in zip(phase, core, strict=True):
            self._next_slice(inside, in_core)

    def finish(self) -> np.ndarray:
        """(3, n) int: number of chords of 0, 1, 2 … voxels along z, y, x."""
        longest = np.flatnonzero(self._counts.any(0))
        return self._counts[:, : longest[-1] + 1 if len(longest) else 1]

    def _along_rows(self, axis: int, phase: np.ndarray, core: np.ndarray) -> None:
        edge = np.zeros((*phase.shape[:-1], 1), bool)
        step = np.diff(np.concatenate([edge, phase, edge], -1).astype(np.int8).ravel())
        starts, ends = np.flatnonzero(step == 1) + 1, np.flatnonzero(step == -1) + 1
        rock = np.concatenate([edge, core & ~phase, edge], -1).ravel()
        whole = rock[starts - 1] & rock[ends]
        self._note(axis, (ends - starts)[whole])

    def _next_slice(self, inside: np.ndarray, in_core: np.ndarray) -> None:
        if self._open is None or self._core_before is None:
            self._open = (inside.astype(np.int32), np.zeros(inside.shape, bool))
        else:
            length, begun = self._open
            ended = (length > 0) & ~inside
            self._note(0, length[ended & begun & in_core])
            begun = np.where(length > 0, begun, self._core_before) & inside
            self._open = (np.where(inside, length + 1, 0), begun)
        self._core_before = in_core

    def _note(self, axis: int, lengths: np.ndarray) -> None:
        self._counts[axis] += np.bincount(np.minimum(lengths, LONGEST), minlength=LONGEST + 1)


def mean_chord(counts: np.ndarray) -> float:
    """Mean length in voxels of (n,) counts; NaN without a chord."""
    return float(counts @ np.arange(len(counts)) / counts.sum()) if counts.sum() else float("nan")
