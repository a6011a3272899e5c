"""What strokes paint: a round brush along a line, on the slice it was drawn on, seen in any view."""

from collections.abc import Sequence
from functools import lru_cache
from math import ceil, floor
from typing import NamedTuple

import numpy as np

from synfine_monai.conventions import UNLABELLED
from synfine_monai.labelling.strokes import Stroke
from synfine_monai.labelling.views import AXES, Box, Shape, slice_shape

THINNEST = 0.5
"""Voxels: a line that passes a voxel's centre closer than this paints it, however thin the brush."""


class Painted(NamedTuple):
    """Voxels that a stroke paints on its slice.

    Attributes:
        box: that holds them.
        bits: rows of the box, eight voxels a byte: a stroke across a wide slice takes little memory.
    """

    box: Box
    bits: np.ndarray

    def mask(self) -> np.ndarray:
        """(rows, columns) bool."""
        return np.unpackbits(self.bits, axis=1, count=self.box.columns).astype(bool)

    def part(self, box: Box) -> np.ndarray:
        """The mask in a box that this one holds."""
        rows, columns = box.within(self.box)
        return np.unpackbits(self.bits[rows], axis=1, count=self.box.columns)[:, columns].astype(bool)


@lru_cache(maxsize=1 << 14)
def paint(stroke: Stroke, shape: Shape) -> Painted:
    """Rasterise a stroke on a (D, H, W) volume: voxels whose centre is within its radius of the line."""
    points, radius = np.asarray(stroke.points, float), max(stroke.radius, THINNEST)
    box = _around(points, radius).meet(Box(0, 0, *slice_shape(shape, stroke.view)))
    mask = np.zeros(box.shape, bool)
    for start, end in zip(points, points[1:] if len(points) > 1 else points, strict=False):
        near = _around(np.stack([start, end]), radius).meet(box)
        mask[near.within(box)] |= _is_near(near, start, end, radius)
    return Painted(box, np.packbits(mask, axis=1))


def _around(points: np.ndarray, radius: float) -> Box:
    low, high = points.min(0) - radius, points.max(0) + radius
    row, column = (ceil(v) for v in low)
    return Box(row, column, floor(high[0]) - row + 1, floor(high[1]) - column + 1)


def _is_near(box: Box, start: np.ndarray, end: np.ndarray, radius: float) -> np.ndarray:
    rows = np.arange(box.row, box.row + box.rows)[:, None] - start[0]
    columns = np.arange(box.column, box.column + box.columns)[None] - start[1]
    along = end - start
    length = float(along @ along)
    t = np.clip((rows * along[0] + columns * along[1]) / length, 0, 1) if length else 0.0
    return (rows - t * along[0]) ** 2 + (columns - t * along[1]) ** 2 <= radius**2 + 1e-9


class Drawing:
    """Strokes on a volume, seen on any slice of any view; where they cross, the later one stands.

    Args:
        strokes: in the order of painting.
        shape: (D, H, W) of the volume.
    """

    def __init__(self, strokes: Sequence[Stroke], shape: Shape) -> None:
        self.strokes, self.shape = list(strokes), shape
        self._of_slice: dict[tuple[str, int], list[Stroke]] = {}
        for stroke in self.strokes:
            self._of_slice.setdefault((stroke.view, stroke.index), []).append(stroke)

    def labels(self, view: str, index: int, box: Box) -> np.ndarray:
        """Labels of a part of a slice, (rows, columns) uint8; 255 where nothing is drawn."""
        labels = np.full(box.shape, UNLABELLED, np.uint8)
        _, *axes = AXES[view]
        across = [
            stroke
            for (other, at), strokes in self._of_slice.items()
            if other != view and 0 <= at - box[axes.index(AXES[other][0])] < box.shape[axes.index(AXES[other][0])]
            for stroke in strokes
        ]
        own = self._of_slice.get((view, index), [])
        for stroke in sorted([*own, *across], key=lambda s: s.number) if across else own:
            if stroke.view == view:
                _lay(labels, box, stroke, self.shape)
            else:
                _lay_across(labels, box, stroke, self.shape, view, index)
        return labels

    def is_blank(self, z: int) -> bool:
        """Whether no stroke touches slice ``z`` of the view xy."""
        if ("xy", z) in self._of_slice:
            return False
        others = (paint(s, self.shape).box for s in self.strokes if s.view != "xy")
        return not any(box.row <= z < box.row + box.rows for box in others)


def _lay(labels: np.ndarray, box: Box, stroke: Stroke, shape: Shape) -> None:
    painted = paint(stroke, shape)
    shared = painted.box.meet(box)
    if shared.rows and shared.columns:
        labels[shared.within(box)][painted.part(shared)] = stroke.label


def _lay_across(labels: np.ndarray, box: Box, stroke: Stroke, shape: Shape, view: str, index: int) -> None:
    """The line in which a stroke of another view crosses the slice."""
    normal, *axes = AXES[view]
    own_normal, own_rows, _ = AXES[stroke.view]
    painted = paint(stroke, shape)
    first, count = (painted.box[0], painted.box[2]) if normal == own_rows else (painted.box[1], painted.box[3])
    at = stroke.index - box[axes.index(own_normal)]
    if not (first <= index < first + count and 0 <= at < box.shape[axes.index(own_normal)]):
        return
    if normal == own_rows:
        line = Box(index, painted.box.column, 1, painted.box.columns)
    else:
        line = Box(painted.box.row, index, painted.box.rows, 1)
    mask, begin = painted.part(line).ravel(), line.column if normal == own_rows else line.row
    target = labels[at] if axes.index(own_normal) == 0 else labels[:, at]
    begin -= box[1] if axes.index(own_normal) == 0 else box[0]
    low, high = max(0, begin), min(len(target), begin + len(mask))
    if low < high:
        target[low:high][mask[low - begin : high - begin]] = stroke.label
