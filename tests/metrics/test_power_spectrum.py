import numpy as np
import pytest
import torch
from scipy.ndimage import gaussian_filter

from synfine_monai.errors import ScanError
from synfine_monai.metrics import power_spectrum_distance, radial_power_spectrum

NOISE = np.random.default_rng(0).normal(size=(200, 1, 64, 64))


def test_white_noise_has_its_variance_at_every_frequency():
    curve = radial_power_spectrum(0.1 * NOISE)
    assert curve.shape == (32,)
    np.testing.assert_allclose(curve[2:], -2, atol=0.06)  # a little below: the logarithm of few waves' mean power


def test_a_wave_stands_at_its_frequency():
    wave = np.cos(2 * np.pi * 10 * np.arange(64) / 64)
    curve = radial_power_spectrum(np.broadcast_to(wave, (1, 1, 64, 64)))
    assert curve.argmax() + 1 == 10
    assert curve[9] - curve[15] > 4


def test_brightness_does_not_count():
    np.testing.assert_allclose(radial_power_spectrum(NOISE[:4] + 7), radial_power_spectrum(NOISE[:4]), atol=1e-3)


def test_twice_the_contrast_is_the_logarithm_of_four_everywhere():
    assert power_spectrum_distance(NOISE, 2 * NOISE) == pytest.approx(np.log10(4), abs=1e-4)
    assert power_spectrum_distance(NOISE, NOISE) == 0


def test_a_gaussian_blur_falls_off_as_its_transfer_function():
    width, cycles = 0.8, np.arange(4, 24)
    blurred = gaussian_filter(NOISE, (0, 0, width, width), mode="wrap", truncate=6)
    lost = (radial_power_spectrum(blurred) - radial_power_spectrum(NOISE))[cycles - 1]
    expected = -((2 * np.pi * width * cycles / 64) ** 2) * np.log10(np.e)
    np.testing.assert_allclose(lost, expected, atol=0.04)


def test_images_without_contrast_stay_finite():
    assert np.isfinite(radial_power_spectrum(torch.ones(2, 1, 64, 64))).all()


def test_sizes_must_agree_and_be_square():
    with pytest.raises(ScanError, match="64 and 32"):
        power_spectrum_distance(NOISE[:2], NOISE[:2, :, :32, :32])
    with pytest.raises(ScanError, match="square"):
        radial_power_spectrum(NOISE[:2, :, :32])
