import math

import numpy as np
import pytest
import sinogram
import torch

from synfine_monai.transforms.corrupt import BeamHardening

RADIUS, AXIS = 40, (48 / 95, 48 / 95)
ROWS, COLUMNS = np.mgrid[:96, :96] - 48
DISTANCE = np.hypot(ROWS, COLUMNS)
DISC = np.clip(RADIUS + 0.5 - DISTANCE, 0, 1)


def test_cupping_is_that_of_projections_with_a_polynomial_law():
    cupping = 0.3
    hardening = cupping * math.pi / 8 / RADIUS
    reference = sinogram.reconstruct(sinogram.hardened(sinogram.project(DISC, 180), hardening))
    fast = BeamHardening(cupping, axis=AXIS)(torch.from_numpy(DISC)[None], torch.from_numpy(DISC > 0.5))[0].numpy()
    core = DISTANCE < RADIUS - 3
    assert np.corrcoef(fast[core], reference[core])[0, 1] > 0.99
    assert np.abs(fast - reference)[core].max() < 0.03


def test_the_axis_is_darkest_and_the_rim_stays():
    out = BeamHardening(0.2)(torch.ones(1, 65, 65))[0]
    assert out[32, 32] == pytest.approx(0.8, abs=1e-3)
    assert out[0, 0] == 1.0
    assert (out[32, 32:].diff() >= 0).all()


def test_the_core_sets_the_radius_in_every_slice():
    inside = torch.zeros(3, 65, 65, dtype=torch.bool)
    inside[1, 32, 22:43] = True
    out = BeamHardening(0.2)(torch.ones(2, 3, 65, 65), inside)
    expected = 1 - 0.2 * math.sqrt(1 - 0.25)
    torch.testing.assert_close(out[:, :, 32, 37], torch.full((2, 3), expected))
    assert (out[:, :, 32, 42] == 1).all()
