import numpy as np
import pytest
import sinogram
import torch

from synfine_monai.transforms.corrupt import Zingers

PLAIN = torch.zeros(1, 4, 128, 128)


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def one_line(seed):
    """A single line with its drawn angle, depth and offset from the corner."""
    angle, depth, y, x = torch.rand(1, 4, generator=seeded(seed))[0].tolist()
    angle *= np.pi
    offset = 128 * (y * np.sin(angle) + x * np.cos(angle))
    return Zingers(1000 / 128, 1.0, seeded(seed))(PLAIN[:, 0])[0].numpy(), angle, -np.log1p(-depth), offset


@pytest.mark.parametrize("seed", range(3))
def test_a_line_has_the_profile_of_a_back_projected_reading(seed):
    image, angle, depth, offset = one_line(seed)
    rows, columns = np.mgrid[:128, :128]
    distance = rows * np.sin(angle) + columns * np.cos(angle) - offset
    assert image[abs(distance) < 0.1].mean() == pytest.approx(-depth, rel=0.05)
    reference = sinogram.reconstruct(sinogram.with_zinger(np.zeros((128, 90)), 64, 0, 1.0), "hann")[64]
    reference = reference / -reference[64]
    profile = [image[abs(distance - s) < 0.4].mean() / depth for s in range(-6, 7)]
    assert np.corrcoef(profile, reference[58:71])[0, 1] > 0.9


def test_slices_have_their_own_lines_and_channels_share_them():
    out = Zingers(50, 0.3, seeded())(PLAIN.expand(2, -1, -1, -1))
    assert torch.equal(out[0], out[1])
    assert not torch.equal(out[0, 0], out[0, 1])


def test_no_hits_no_lines():
    assert torch.equal(Zingers(0, 1.0)(PLAIN), PLAIN)
