import numpy as np
import pytest
import torch
from scipy.ndimage import gaussian_filter

from synfine_monai.errors import ScanError
from synfine_monai.metrics import (
    correlation_distance,
    dark_threshold,
    grey_level_distance,
    image_set,
    power_spectrum_distance,
    radial_power_spectrum,
)

NOISE = torch.from_numpy(np.random.default_rng(0).normal(size=(64, 1, 64, 64)).astype(np.float32))


def test_a_shift_is_its_own_distance():
    assert grey_level_distance(NOISE, NOISE + 0.25) == pytest.approx(0.25, abs=1e-5)
    assert grey_level_distance(NOISE, NOISE) == 0


def test_a_wider_spread_counts_as_the_mean_shift_of_its_quantiles():
    assert grey_level_distance(NOISE, 2 * NOISE) == pytest.approx(np.sqrt(2 / np.pi), rel=0.01)


def test_places_do_not_count():
    few = NOISE[:16]
    assert grey_level_distance(few, few.flip(-1).transpose(-1, -2)) == pytest.approx(0, abs=1e-6)


def test_all_columns_of_a_large_set_are_seen():
    stripes = (torch.arange(64) % 2).float().expand(200, 1, 64, 64)
    assert grey_level_distance(stripes, torch.full((8, 1, 64, 64), 0.5)) == pytest.approx(0.5, abs=1e-3)
    assert grey_level_distance(stripes, stripes.roll(1, -1)) == pytest.approx(0, abs=1e-3)


RANDOM = np.random.default_rng(0)


def stripes(period: int) -> np.ndarray:
    """Half dark (0), half bright (1)."""
    return np.broadcast_to(np.arange(64) % period >= period / 2, (8, 1, 64, 64)).astype(np.float32)


def test_threshold_lies_between_two_levels_and_a_few_metal_voxels_leave_it():
    levels = RANDOM.normal(size=(8, 1, 64, 64)) * 0.2 + stripes(8)
    clean = dark_threshold(levels)
    levels[0, 0, :2, :32] = 50
    assert clean == pytest.approx(0.5, abs=0.1)
    assert dark_threshold(levels) == pytest.approx(clean, abs=0.05)


def test_same_sizes_and_spacings_are_no_distance():
    assert correlation_distance(stripes(8), stripes(8)) == 0
    assert correlation_distance(stripes(8), torch.from_numpy(np.roll(stripes(8)[:3], 8, -1))) == pytest.approx(0)


def test_other_spacing_counts_at_the_same_share():
    assert correlation_distance(stripes(8), stripes(16)) > 5


def test_nothing_dark_misses_the_whole_correlation():
    chance = (RANDOM.random((16, 1, 64, 64)) > 0.2).astype(np.float32)
    expected = 100 * (1 + 32 * 0.2) / 33  # S(0) = 0.2 and S(r) = 0.04 of a dark share of 0.2
    assert correlation_distance(chance, np.ones_like(chance), threshold=0.5) == pytest.approx(expected, rel=0.03)


def test_sets_without_contrast_are_refused():
    with pytest.raises(ScanError, match="told apart"):
        correlation_distance(np.ones((2, 1, 8, 8)), np.ones((2, 1, 8, 8)))
    with pytest.raises(ScanError, match="no voxel of the real set"):
        correlation_distance(stripes(8), stripes(8), threshold=-1)


WHITE = np.random.default_rng(0).normal(size=(200, 1, 64, 64))


def test_white_noise_has_its_variance_at_every_frequency():
    curve = radial_power_spectrum(0.1 * WHITE)
    assert curve.shape == (32,)
    np.testing.assert_allclose(curve[2:], -2, atol=0.06)  # a little below: the logarithm of few waves' mean power


def test_a_wave_stands_at_its_frequency():
    wave = np.cos(2 * np.pi * 10 * np.arange(64) / 64)
    curve = radial_power_spectrum(np.broadcast_to(wave, (1, 1, 64, 64)))
    assert curve.argmax() + 1 == 10
    assert curve[9] - curve[15] > 4


def test_brightness_does_not_count():
    np.testing.assert_allclose(radial_power_spectrum(WHITE[:4] + 7), radial_power_spectrum(WHITE[:4]), atol=1e-3)


def test_twice_the_contrast_is_the_logarithm_of_four_everywhere():
    assert power_spectrum_distance(WHITE, 2 * WHITE) == pytest.approx(np.log10(4), abs=1e-4)
    assert power_spectrum_distance(WHITE, WHITE) == 0


def test_a_gaussian_blur_falls_off_as_its_transfer_function():
    width, cycles = 0.8, np.arange(4, 24)
    blurred = gaussian_filter(WHITE, (0, 0, width, width), mode="wrap", truncate=6)
    lost = (radial_power_spectrum(blurred) - radial_power_spectrum(WHITE))[cycles - 1]
    expected = -((2 * np.pi * width * cycles / 64) ** 2) * np.log10(np.e)
    np.testing.assert_allclose(lost, expected, atol=0.04)


def test_images_without_contrast_stay_finite():
    assert np.isfinite(radial_power_spectrum(torch.ones(2, 1, 64, 64))).all()


def test_sizes_must_agree_and_be_square():
    with pytest.raises(ScanError, match="64 and 32"):
        power_spectrum_distance(WHITE[:2], WHITE[:2, :, :32, :32])
    with pytest.raises(ScanError, match="square"):
        radial_power_spectrum(WHITE[:2, :, :32])


@pytest.mark.parametrize("kind", [torch.float16, torch.float64, torch.uint8])
def test_torch_and_numpy_become_slices(kind):
    images = torch.arange(2 * 4 * 6).view(2, 1, 4, 6).to(kind)
    for given in (images, images.numpy()):
        assert image_set(given).shape == (2, 4, 6)
        assert image_set(given).dtype == np.float32


@pytest.mark.parametrize("shape", [(4, 8, 8), (4, 2, 8, 8), (0, 1, 8, 8)])
def test_other_shapes_are_refused(shape):
    with pytest.raises(ScanError, match=r"must be \(N, 1, H, W\)"):
        image_set(np.zeros(shape))


def test_what_is_not_finite_is_counted():
    images = np.zeros((2, 1, 8, 8))
    images[0, 0, :2] = np.nan
    with pytest.raises(ScanError, match="16 voxels"):
        image_set(images)
