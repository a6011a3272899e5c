"""What is no stroke: refused in one line before anything is written."""

import math
from collections.abc import Sequence
from numbers import Real

import numpy as np

from synfine_monai.conventions import UNLABELLED
from synfine_monai.errors import ScanError
from synfine_monai.labelling.brush import paint
from synfine_monai.labelling.label_classes import LabelClasses
from synfine_monai.labelling.planes import Planes
from synfine_monai.labelling.strokes import Stroke
from synfine_monai.labelling.views import Shape, check_slice, slice_shape

WIDEST = 256.0
MOST_POINTS = 100_000


def check_stroke(
    shape: Shape,
    classes: LabelClasses,
    label: int,
    radius: float,
    view: str,
    index: int,
    points: Sequence[Sequence[float]],
) -> None:
    """Refuse what cannot be painted.

    Raises:
        ScanError: for a label that is no class, a brush or points that are no numbers or out of range, and a slice or
            points outside the scan.
    """
    known = [*range(len(classes)), UNLABELLED]
    if isinstance(label, bool) or not isinstance(label, int | np.integer) or label not in known:
        raise ScanError(f"{label!r} is no class: classes are 0 to {len(classes) - 1}, and 255 erases.")
    if not _is_number(radius) or not 0 < radius <= WIDEST:
        raise ScanError(f"a brush has a radius above 0 and up to {WIDEST:.0f} voxels, got {radius!r}.")
    check_slice(shape, view, index)
    if not 1 <= len(points) <= MOST_POINTS:
        raise ScanError(f"a stroke has 1 to {MOST_POINTS:,} points, got {len(points):,}.")
    if not all(len(point) == 2 and all(map(_is_number, point)) for point in points):
        raise ScanError("the points of a stroke are pairs of numbers, row and column; one of them is not (or NaN).")
    rows, columns = slice_shape(shape, view)
    for row, column in points:
        if not (-0.5 <= row <= rows - 0.5 and -0.5 <= column <= columns - 0.5):
            raise ScanError(
                f"the stroke runs outside the scan: ({row:g}, {column:g}) is beyond the slice of {rows}×{columns} "
                "voxels."
            )


def check_core(planes: Planes, stroke: Stroke) -> None:
    """Refuse a stroke that labels nothing.

    Raises:
        ScanError: if no voxel of it is in the core.
    """
    painted = paint(stroke, planes.scan.shape)
    if not (planes.core(stroke.view, stroke.index, painted.box) & painted.mask()).any():
        raise ScanError(
            "the stroke lies wholly outside the core, where nothing is learned: paint inside it, or give a mask of the "
            "core with --fov if it was found wrongly."
        )


def _is_number(value: object) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool) and math.isfinite(value)
