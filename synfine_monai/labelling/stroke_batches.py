"""The batches of a round of retuning."""

from collections.abc import Sequence

import numpy as np
import torch

from synfine_monai.conventions import UNLABELLED
from synfine_monai.errors import ScanError
from synfine_monai.labelling.brush import Drawing
from synfine_monai.labelling.stroke_windows import StrokeWindows
from synfine_monai.labelling.strokes import Stroke, active_strokes

LABELLED, FREE = 4, 2
"""Windows a step, around strokes and anywhere."""


class StrokeBatches:
    """Half of the strokes' windows are of new strokes, the rest of all, each class alike; others are from anywhere.

    Args:
        windows: of the strokes.
        events: of the log when the round began.
        known: lines of the log whose strokes are no longer new.
        rng: of the choice.

    Raises:
        ScanError: if no stroke has a voxel left to learn from.
    """

    def __init__(
        self, windows: StrokeWindows, events: Sequence[Stroke | str], known: int, rng: np.random.Generator
    ) -> None:
        strokes = active_strokes(events)
        self.windows, self.rng = windows, rng
        self.drawing = Drawing(strokes, windows.planes.scan.shape)
        self.labels: dict[Stroke, torch.Tensor] = {}
        self.all: dict[int, list[tuple[Stroke, int]]] = {}
        self.new: dict[int, list[tuple[Stroke, int]]] = {}
        for stroke in (s for s in strokes if not s.erases):
            self.labels[stroke] = windows.labels(stroke, self.drawing)
            usable = (self.labels[stroke] == stroke.label).flatten(1).any(1).nonzero().ravel().tolist()
            for group in (self.all, self.new) if stroke.number > known else (self.all,):
                group.setdefault(stroke.label, []).extend((stroke, k) for k in usable)
        self.all, self.new = ({k: of for k, of in group.items() if of} for group in (self.all, self.new))
        if not self.all:
            raise ScanError("every stroke lies outside the core or was painted over: paint inside the core.")

    def batch(self) -> dict[str, torch.Tensor]:
        """Image, label and the teacher's logits of one step."""
        half = LABELLED // 2 if self.new else 0
        chosen = self._choose(self.new, half) + self._choose(self.all, LABELLED - half)
        free = self.windows.free()
        others = self.rng.choice(len(free.places), FREE, replace=False)
        parts = [(self.windows.of(s), self.labels[s], k) for s, k in chosen]
        blank = torch.full_like(parts[0][1][0], UNLABELLED)
        image = [w.image[k] for w, _, k in parts] + [free.image[k] for k in others]
        teacher = [w.teacher[k] for w, _, k in parts] + [free.teacher[k] for k in others]
        label = [labels[k] for _, labels, k in parts] + [blank] * FREE
        return {"image": torch.stack(image), "label": torch.stack(label), "teacher": torch.stack(teacher).float()}

    def _choose(self, group: dict[int, list[tuple[Stroke, int]]], count: int) -> list[tuple[Stroke, int]]:
        """Classes in turn, from a random one on, and of each any window."""
        classes = self.rng.permutation(sorted(group)).tolist() if group else []
        return [group[c][int(self.rng.integers(len(group[c])))] for c in np.resize(classes, count).tolist()]
