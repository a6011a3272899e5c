"""A robot that labels: it knows the truth, looks at what the session predicts, and paints where that is worst."""

from collections.abc import Sequence

import numpy as np

from synfine_monai.conventions import UNLABELLED
from synfine_monai.data import LabelledSlice, corrective_paths
from synfine_monai.labelling.session import Session

BRUSH = 1.5
"""Radius in voxels: three wide."""


class Robot:
    """Drives a session round after round, through the same calls that a page makes.

    Args:
        session: open, on the scan that the truth is of.
        truths: slices z of the view xy with their labels.
        length: voxels along a stroke.
        seed: of directions.
    """

    def __init__(self, session: Session, truths: Sequence[LabelledSlice], length: int = 20, seed: int = 0) -> None:
        self.session, self.truths, self.length, self.seed = session, list(truths), length, seed
        self.rounds = 0

    def play(self, strokes: int) -> int:
        """Paint up to so many strokes of each class: first where most of the class is, later where most of it is wrong.

        Returns:
            How many were painted; the session goes on retuning.
        """
        paths = corrective_paths(self.truths, self._results(), strokes, self.length, seed=self.seed + self.rounds)
        self.rounds += 1
        for k, where, path in paths:
            self.session.stroke(k, BRUSH, "xy", self.truths[where].z, path)
        return len(paths)

    def _results(self) -> list[np.ndarray]:
        if not self.rounds:
            return [np.full_like(one.label, UNLABELLED) for one in self.truths]
        return [self.session.predicted("xy", one.z).labels for one in self.truths]
