"""Voxels of a stroke by the definition, and the same voxels in every view."""

import numpy as np
import pytest

from synfine_monai.labelling.brush import Drawing, paint
from synfine_monai.labelling.strokes import Stroke
from synfine_monai.labelling.views import AXES, Box, slice_shape

SHAPE = (12, 30, 40)


def stroke(number, label, view, index, points, radius=2.0):
    return Stroke(number, label, radius, view, index, tuple(map(tuple, points)))


def by_definition(one, shape=SHAPE):
    """Every voxel of the slice, asked for its distance to every segment."""
    rows, columns = (n.astype(float) for n in np.mgrid[tuple(slice(n) for n in slice_shape(shape, one.view))])
    points = np.asarray(one.points, float)
    nearest = np.full(rows.shape, np.inf)
    for a, b in zip(points, points[1:] if len(points) > 1 else points, strict=False):
        along, length = b - a, max(float((b - a) @ (b - a)), 1e-30)
        t = np.clip(((rows - a[0]) * along[0] + (columns - a[1]) * along[1]) / length, 0, 1)
        nearest = np.minimum(nearest, np.hypot(rows - a[0] - t * along[0], columns - a[1] - t * along[1]))
    return nearest <= max(one.radius, 0.5) + 1e-9


def volume_of(strokes, shape=SHAPE):
    """All labels at once, painted one voxel plane after the other."""
    volume = np.full(shape, 255, np.uint8)
    for one in strokes:
        plane = np.moveaxis(volume, AXES[one.view], (0, 1, 2))[one.index]
        plane[by_definition(one, shape)] = one.label
    return volume


def random_strokes(seed, count=25):
    rng = np.random.default_rng(seed)
    for number in range(1, count + 1):
        view = ("xy", "xz", "yz")[rng.integers(3)]
        points = rng.uniform(-0.5, np.array(slice_shape(SHAPE, view)) - 0.5, size=(rng.integers(1, 5), 2))
        index = int(rng.integers(SHAPE[AXES[view][0]]))
        yield stroke(number, (0, 1, 2, 255)[rng.integers(4)], view, index, points.tolist(), float(rng.uniform(0.3, 6)))


def test_a_click_is_a_disc():
    found = paint(stroke(1, 0, "xy", 3, [[10, 12]], 2.0), SHAPE)
    assert found.mask().sum() == 13  # points of the lattice within 2: 1 + 4 + 4 + 4
    assert found.box == Box(8, 10, 5, 5)


def test_the_thinnest_brush_still_paints_the_voxels_on_its_line():
    found = paint(stroke(1, 0, "xy", 3, [[10, 12], [10, 19]], 0.1), SHAPE)
    assert found.box.shape == (1, 8)
    assert found.mask().all()


def test_a_stroke_over_the_edge_is_cut_there():
    found = paint(stroke(1, 0, "xy", 0, [[0, 0]], 5.0), SHAPE)
    assert (found.box.row, found.box.column) == (0, 0)
    assert found.mask()[0, 0]


@pytest.mark.parametrize("seed", range(4))
def test_every_slice_of_every_view_shows_the_same_volume(seed):
    strokes = list(random_strokes(seed))
    drawing, volume = Drawing(strokes, SHAPE), volume_of(strokes)
    for view, axes in AXES.items():
        turned = np.moveaxis(volume, axes, (0, 1, 2))
        for index, plane in enumerate(turned):
            found = drawing.labels(view, index, Box(0, 0, *plane.shape))
            np.testing.assert_array_equal(found, plane, err_msg=f"{view} {index}")


def test_a_part_of_a_slice_is_that_part():
    strokes = list(random_strokes(9))
    drawing, box = Drawing(strokes, SHAPE), Box(5, 7, 11, 20)
    for view in ("xy", "xz", "yz"):
        part = box.meet(Box(0, 0, *slice_shape(SHAPE, view)))
        whole = drawing.labels(view, 6, Box(0, 0, *slice_shape(SHAPE, view)))
        np.testing.assert_array_equal(drawing.labels(view, 6, part), whole[part.cut])


def test_blank_slices_are_those_without_any_label():
    strokes = [stroke(1, 1, "xy", 3, [[10, 12]]), stroke(2, 0, "xz", 8, [[7, 5]], 1.0)]
    volume = volume_of(strokes)
    drawing = Drawing(strokes, SHAPE)
    assert [not drawing.is_blank(z) for z in range(SHAPE[0])] == (volume != 255).any((1, 2)).tolist()


def test_a_stroke_across_a_wide_slice_takes_an_eighth_of_its_voxels():
    wide = (1, 2000, 2000)
    found = paint(stroke(1, 0, "xy", 0, [[0, 0], [1999, 1999]]), wide)
    assert found.bits.nbytes == 2000 * 250
