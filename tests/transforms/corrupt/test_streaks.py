import math

import numpy as np
import pytest
import sinogram
import torch

from synfine_monai.transforms.corrupt import Streaks, filter_projections, ramp_kernel, smooth_ramp_kernel


def undersampling(views, size=96):
    return math.pi / 2 * size / views


def test_ramp_kernel_has_its_textbook_values():
    kernel = ramp_kernel(torch.arange(6.0, dtype=torch.float64))
    expected = [1 / 4, -1 / math.pi**2, 0, -1 / (3 * math.pi) ** 2, 0, -1 / (5 * math.pi) ** 2]
    np.testing.assert_allclose(kernel.numpy(), expected, atol=1e-12)
    assert smooth_ramp_kernel(torch.zeros(1, dtype=torch.float64)).item() == pytest.approx(1.0)


def test_filtered_projections_convolve_with_the_kernel():
    line = torch.zeros(2, 9, dtype=torch.float64)
    line[0, 4] = 2.0
    distance = torch.arange(-4.0, 5.0, dtype=torch.float64)
    torch.testing.assert_close(filter_projections(line)[0], 2 * ramp_kernel(distance))
    assert filter_projections(line)[1].abs().max() == 0


@pytest.mark.parametrize("views", [16, 24, 32])
def test_streaks_are_those_of_a_reconstruction_from_few_views(grains, likeness, views):
    image = grains()
    reference = sinogram.reconstruct(sinogram.project(image, views), "hann")
    reference -= sinogram.reconstruct(sinogram.project(image, 180), "hann")
    fast = Streaks(undersampling(views))(torch.from_numpy(image)[None])[0].numpy() - image
    correlation, ratio = likeness(fast, reference)
    assert correlation > 0.9
    assert ratio < 1.5


def test_enough_views_leave_no_streaks(grains):
    image = torch.from_numpy(grains())[None]
    few, enough = (Streaks(factor)(image) - image for factor in (6.0, 0.5))
    assert enough.std() < 0.02 * few.std()


def test_slices_do_not_see_each_other_and_plains_stay(grains):
    one = torch.from_numpy(grains()).float()
    volume = torch.stack([one, torch.full_like(one, 0.7)])[None]
    out = Streaks(6.0)(volume)
    torch.testing.assert_close(out[:, 0], Streaks(6.0)(one[None]))
    torch.testing.assert_close(out[:, 1], volume[:, 1])
