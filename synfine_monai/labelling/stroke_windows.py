"""Windows that retuning learns from: around strokes, and anywhere in the core, with what the teacher says of them."""

from collections.abc import Sequence
from math import ceil
from typing import NamedTuple

import numpy as np
import torch
from monai.inferers import Inferer
from torch import nn

from synfine_monai.conventions import UNLABELLED
from synfine_monai.labelling.brush import Drawing, paint
from synfine_monai.labelling.planes import Planes
from synfine_monai.labelling.strokes import Stroke
from synfine_monai.labelling.views import AXES, Box, slice_shape

SIZE = 48
"""Side of a window in voxels."""
RIM = 8
"""Voxels along its border whose labels do not count: the network sees too little around them."""
FEWEST, MOST = 4, 16
VOXELS_EACH = 128
"""Painted voxels a window, within these bounds."""
FREE = 64
FREE_SLICES = 16
LEAST_CORE = 0.25
TRIES = 20
KEPT_STROKES = 256
"""Whose windows are in memory; others are read anew, and are the same."""

Place = tuple[str, int, Box]


class Windows(NamedTuple):
    """Some windows.

    Attributes:
        places: (view, index, box) of each.
        image: (N, 1, S, S) float32.
        core: (N, 1, S, S) bool.
        teacher: (N, K, S, S) float16 logits.
    """

    places: list[Place]
    image: torch.Tensor
    core: torch.Tensor
    teacher: torch.Tensor


class StrokeWindows:
    """Cuts windows; those of a stroke are always the same, whatever else is painted.

    Args:
        planes: of the scan.
        teacher: the network that tuning started from, in eval mode.
        inferer: how it is run.
        seed: of their places.
    """

    def __init__(self, planes: Planes, teacher: nn.Module, inferer: Inferer, seed: int) -> None:
        self.planes, self.teacher, self.inferer, self.seed = planes, teacher, inferer, seed
        self._known: dict[Stroke, Windows] = {}
        self._free: Windows | None = None

    def of(self, stroke: Stroke) -> Windows:
        """Windows with a voxel of the stroke at a random place inside their rim; more for one that paints more."""
        found = self._known.pop(stroke, None) or self._cut(self._places(stroke))
        self._known[stroke] = found
        if len(self._known) > KEPT_STROKES:
            del self._known[next(iter(self._known))]
        return found

    def free(self) -> Windows:
        """Windows anywhere in the core, a quarter of each in it where that can be."""
        if self._free is None:
            rng, whole = np.random.default_rng([self.seed, 1]), self.planes.whole("xy")
            depths = self.planes.depths(FREE_SLICES)
            self._free = self._cut([self._free_place(z, whole, rng) for z in sorted(np.resize(depths, FREE).tolist())])
        return self._free

    def labels(self, stroke: Stroke, drawing: Drawing) -> torch.Tensor:
        """(N, 1, S, S) uint8 of the windows of a stroke, as everything that is drawn leaves them."""
        windows = self.of(stroke)
        found = np.stack([drawing.labels(*place) for place in windows.places])[:, None]
        shape = self.planes.scan.shape
        inner = np.stack([_counted(box, slice_shape(shape, view)) for view, _, box in windows.places])[:, None]
        return torch.from_numpy(np.where(windows.core.numpy() & inner, found, UNLABELLED).astype(np.uint8))

    def _cut(self, places: Sequence[Place]) -> Windows:
        seen = [self.planes.seen(*place) for place in places]
        image = torch.from_numpy(np.stack([one.image for one in seen])[:, None].astype(np.float32))
        core = torch.from_numpy(np.stack([one.core for one in seen])[:, None])
        with torch.no_grad():
            teacher = self.inferer(image, self.teacher).half()
        return Windows(list(places), image, core, teacher)

    def _places(self, stroke: Stroke) -> list[Place]:
        shape = self.planes.scan.shape
        painted = paint(stroke, shape)
        voxels = np.argwhere(painted.mask()) + painted.box[:2]
        rng = np.random.default_rng([self.seed, 2, stroke.number])
        count = int(np.clip(ceil(len(voxels) / VOXELS_EACH), FEWEST, MOST))
        return [_around(voxels[k], stroke, shape, rng) for k in rng.integers(len(voxels), size=count)]

    def _free_place(self, z: int, whole: Box, rng: np.random.Generator) -> Place:
        best, most = Box(0, 0, SIZE, SIZE), -1.0
        core = self.planes.core("xy", z, whole)
        for _ in range(TRIES):
            row, column = (int(rng.integers(n - SIZE + 1)) for n in whole.shape)
            box = Box(row, column, SIZE, SIZE)
            if (share := float(core[box.cut].mean())) > most:
                best, most = box, share
            if most >= LEAST_CORE:
                break
        return "xy", z, best


def _counted(box: Box, shape: tuple[int, int]) -> np.ndarray:
    """Where labels of a window count: not along its border, except where the slice ends there."""
    counted = np.ones(box.shape, bool)
    for axis, (first, extent) in enumerate(zip(box[:2], shape, strict=True)):
        lines = np.moveaxis(counted, axis, 0)
        if first > 0:
            lines[:RIM] = False
        if first + SIZE < extent:
            lines[-RIM:] = False
    return counted


def _around(voxel: np.ndarray, stroke: Stroke, shape: tuple[int, int, int], rng: np.random.Generator) -> Place:
    """A window around a voxel of a stroke, on the stroke's slice, or in the view xy where that is too narrow."""
    at = [0, 0, 0]
    for axis, place in zip(AXES[stroke.view], (stroke.index, *voxel.tolist()), strict=True):
        at[axis] = place
    view = stroke.view if min(slice_shape(shape, stroke.view)) >= SIZE else "xy"
    normal, *axes = AXES[view]
    corners = [int(np.clip(at[axis] - rng.integers(RIM, SIZE - RIM), 0, shape[axis] - SIZE)) for axis in axes]
    return view, at[normal], Box(corners[0], corners[1], SIZE, SIZE)
