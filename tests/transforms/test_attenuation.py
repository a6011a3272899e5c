import numpy as np
import pytest
import torch

from synfine_monai.errors import ScanError
from synfine_monai.transforms import AttenuationToGrey, GreyToAttenuation, estimate_air_and_solid, require_attenuation

random = np.random.default_rng(0)


def test_air_is_zero_and_solid_is_one():
    grey = torch.tensor([[20, 120, 220]], dtype=torch.uint8)
    assert GreyToAttenuation(20, 120)(grey).tolist() == [[0.0, 1.0, 2.0]]


@pytest.mark.parametrize(("dtype", "rounding"), [(torch.float32, 1e-3), (torch.float64, 1e-11)])
def test_there_and_back_is_exact_to_rounding(dtype, rounding):
    grey = 65535 * torch.rand(1, 4, 16, 16, dtype=dtype)
    back = AttenuationToGrey(1234.5, 45678.9)(GreyToAttenuation(1234.5, 45678.9)(grey))
    assert back.dtype == dtype
    assert (back - grey).abs().amax() < 65535 * rounding / 1e3


@pytest.mark.parametrize("transform", [GreyToAttenuation, AttenuationToGrey])
def test_refuses_a_solid_that_is_not_brighter_than_air(transform):
    with pytest.raises(ValueError, match="brighter than air, got air 5"):
        transform(5, 5)


@pytest.mark.parametrize("porosity", [0.03, 0.2, 0.6])
def test_levels_of_a_noisy_rock_are_found_inside_only(porosity):
    pores = random.uniform(size=(8, 64, 64)) < porosity
    grey = np.where(pores, 100.0, 300.0) + random.normal(scale=5, size=pores.shape)
    grey[0, :8] = 1000  # a few heavy minerals
    fov = np.zeros(grey.shape, bool)
    fov[:, 4:60, 4:60] = True
    air, solid = estimate_air_and_solid(np.where(fov, grey, -9999.0), fov)
    assert air == pytest.approx(100, abs=15)
    assert solid == pytest.approx(300, abs=10)


@pytest.mark.parametrize(
    ("image", "fov", "words"),
    [
        (np.ones((1, 4, 4)), np.ones((1, 4, 4), bool), "same grey level 1"),
        (np.ones((1, 4, 4)), np.zeros((1, 4, 4), bool), "empty"),
        (np.ones((1, 4, 4)), np.ones((4, 4), bool), r"shape \(1, 4, 4\)"),
        (np.full((1, 4, 4), np.nan), np.ones((1, 4, 4), bool), "NaN"),
    ],
)
def test_refuses_images_without_air_and_solid(image, fov, words):
    with pytest.raises(ScanError, match=words):
        estimate_air_and_solid(image, fov)


def test_grey_levels_and_odd_shapes_are_no_attenuations():
    with pytest.raises(TypeError, match=r"Scatter needs attenuations, got torch\.int16"):
        require_attenuation(torch.zeros(1, 4, 4, dtype=torch.int16), "Scatter")
    with pytest.raises(ValueError, match=r"got shape \(4, 4\)"):
        require_attenuation(torch.zeros(4, 4), "Scatter")
