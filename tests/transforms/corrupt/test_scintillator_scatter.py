import math

import numpy as np
import pytest
import sinogram
import torch

from synfine_monai.transforms.corrupt import Scatter


def test_blur_of_the_image_is_a_blur_of_its_projections(grains, likeness):
    image, frequency = grains(), np.fft.rfftfreq(2 * 96)
    transfer = 0.6 * np.exp(-0.5 * (2 * np.pi * 0.5 * frequency) ** 2) + 0.4 / (1 + (2 * np.pi * 5 * frequency) ** 2)
    projections = sinogram.project(image, 180)
    reference = sinogram.reconstruct(sinogram.with_blur(projections, transfer)) - sinogram.reconstruct(projections)
    fast = Scatter(0.4, 5.0, 0.5)(torch.from_numpy(image)[None])[0].numpy() - image
    correlation, ratio = likeness(fast, reference)
    assert correlation > 0.95
    assert ratio < 1.2


def test_edge_spread_has_an_exponential_tail():
    step = torch.zeros(1, 64, 257)
    step[..., 128:] = 1.0
    share, reach = 0.4, 6.0
    edge = Scatter(share, reach)(step)[0, 32]
    for beside in (4, 10, 20):
        assert edge[128 - beside] == pytest.approx(share / 2 * math.exp(-(beside - 0.5) / reach), abs=0.005)


def test_mean_is_kept_and_plains_stay():
    plain = torch.full((1, 4, 32, 32), 0.7)
    torch.testing.assert_close(Scatter(0.5, 4.0, 1.0)(plain), plain)
