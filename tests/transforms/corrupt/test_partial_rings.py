import math

import numpy as np
import pytest
import sinogram
import torch

from synfine_monai.transforms.corrupt import PartialRings, image_of_gain_errors

GRID = torch.arange(96.0) - 48
RADIUS = torch.hypot(GRID[:, None], GRID)


def fast_image(errors, start, arc):
    padded = torch.zeros(161)
    padded[80 - 48 : 80 + 48] = torch.from_numpy(errors)
    return image_of_gain_errors(padded, start, arc, GRID[:, None], GRID)


@pytest.mark.parametrize(("first", "last"), [(0, 180), (30, 90), (100, 130)])
def test_rings_and_arcs_are_those_of_stripes_in_the_sinogram(likeness, first, last):
    errors = np.random.default_rng(first).normal(size=96)
    reference = sinogram.reconstruct(sinogram.with_gain_errors(np.zeros((96, 180)), errors, first, last))
    fast = fast_image(errors, math.radians(first), math.radians(last - first)).numpy()
    correlation, ratio = likeness(fast, reference)
    assert correlation > 0.95
    assert ratio < 1.15


def test_one_element_draws_an_arc_of_its_radius_and_length():
    errors = np.zeros(96)
    errors[48 + 25] = 1.0
    image = fast_image(errors, 0.0, math.pi / 2)
    angle = torch.atan2(-GRID[:, None], GRID.expand(96, -1))
    on_circle = (RADIUS - 25).abs() < 0.5
    within, beyond = (image[on_circle & (lowest < angle) & (angle < lowest + 0.8)] for lowest in (0.4, -2.0))
    assert within.mean() > 0.03
    assert within.mean() > 10 * beyond.abs().mean()


def test_strength_is_linear_in_the_gain_error_and_falls_with_the_radius():
    plain = torch.zeros(1, 2, 96, 96)
    one, two = (PartialRings(gain, 180, torch.Generator().manual_seed(4))(plain) for gain in (1.0, 2.0))
    torch.testing.assert_close(two, 2 * one)
    assert torch.equal(one[:, 0], one[:, 1])
    inner, outer = one[0, 0][RADIUS < 12].std(), one[0, 0][RADIUS > 36].std()
    assert inner > 1.3 * outer
