import math

import pytest
import torch

from synfine_monai.transforms.corrupt import ElectronicNoise


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize("attenuation", [0.0, 1.0, 2.0])
def test_noise_grows_with_the_attenuation(attenuation):
    noisy = ElectronicNoise(0.005, seeded())(torch.full((1, 128, 128), attenuation))
    assert noisy.std() == pytest.approx(0.005 * math.exp(attenuation), rel=0.05)
    assert noisy.mean() == pytest.approx(attenuation, abs=2e-3)


def test_opaque_voxels_stay_finite():
    assert torch.isfinite(ElectronicNoise(0.1, seeded())(torch.full((1, 16, 16), 50.0))).all()
