import math

import pytest
import torch

from synfine_monai.transforms.corrupt import PhaseContrast, fourier_filter, frequency_squared


def test_a_paganin_filter_undoes_it():
    image = torch.rand(1, 8, 48, 48, generator=torch.Generator().manual_seed(0))
    fringed = PhaseContrast(1.5, width=0.0)(image)

    def paganin(frequencies):
        return 1 / (1 + 1.5 * (2 * math.pi) ** 2 * frequency_squared(frequencies))

    back = fourier_filter(fringed, paganin, margin=24)
    inner = (..., slice(3, -3), slice(12, -12), slice(12, -12))
    assert (fringed - image)[inner].std() > 1
    assert (back - image)[inner].abs().amax() < 0.02


def test_a_wave_grows_by_the_squared_frequency():
    wave = torch.sin(2 * math.pi * torch.arange(128) / 16).expand(1, 128, 128)
    grown = PhaseContrast(2.0, width=1.0)(wave)
    squared = (2 * math.pi / 16) ** 2
    expected = 1 + 2.0 * squared * math.exp(-0.5 * squared)
    ratio = (grown * wave)[..., 32:96, 32:96].sum() / wave[..., 32:96, 32:96].square().sum()
    assert ratio.item() == pytest.approx(expected, rel=0.01)


def test_edges_get_a_dark_and_a_bright_fringe_and_plains_stay():
    step = torch.zeros(1, 64, 64)
    step[..., 32:] = 1.0
    profile = PhaseContrast(1.0)(step)[0, 32]
    assert profile[32:36].amax() > 1.1
    assert profile[28:32].amin() < -0.1
    assert profile[4:20].abs().amax() < 0.01


@pytest.mark.parametrize("shape", [(1, 33, 40), (2, 1, 33, 40), (1, 5, 33, 40)])
@pytest.mark.parametrize("planes", [True, False])
def test_a_filter_of_ones_changes_nothing(shape, planes):
    image = torch.rand(shape)
    same = fourier_filter(image, lambda frequencies: torch.ones(()), margin=50, planes=planes)
    torch.testing.assert_close(same, image)
