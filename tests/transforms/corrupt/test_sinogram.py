"""The reference itself: what the textbook says of each step."""

import numpy as np
import pytest
import sinogram

VIEWS = 90


def disc(size, radius):
    rows, columns = np.mgrid[:size, :size] - size // 2
    return np.clip(radius + 0.5 - np.hypot(rows, columns), 0, 1)


def test_projections_are_chords_and_come_back_as_the_image():
    image = disc(96, 36)
    projections = sinogram.project(image, VIEWS)
    s = np.arange(96) - 48
    chords = 2 * np.sqrt(np.clip(36**2 - s**2, 0, None))
    assert np.abs(projections.mean(1) - chords)[abs(s) < 33].max() < 1.0
    back = sinogram.reconstruct(projections)
    assert back[disc(96, 30) == 1].mean() == pytest.approx(1.0, abs=0.02)


def test_noise_falls_as_one_over_the_photons():
    projections = sinogram.project(disc(64, 24), VIEWS)
    random = np.random.default_rng(0)
    clean = sinogram.reconstruct(projections)
    photons = np.array([1e3, 1e4, 1e5])
    variance = [
        np.var(sinogram.reconstruct(sinogram.with_counting(projections, count, 0.02, random)) - clean)
        for count in photons
    ]
    assert np.polyfit(np.log(photons), np.log(variance), 1)[0] == pytest.approx(-1, abs=0.05)


def test_a_wrong_gain_makes_a_ring_of_its_radius():
    errors = np.zeros(96)
    errors[48 + 20] = errors[48 - 20] = 1.0
    image = sinogram.reconstruct(sinogram.with_gain_errors(np.zeros((96, VIEWS)), errors))
    rows, columns = np.mgrid[:96, :96] - 48
    radius = np.hypot(rows, columns)
    profile = [image[abs(radius - r) < 0.5].mean() for r in range(5, 40)]
    assert 5 + int(np.argmax(profile)) == 20


def test_a_hot_reading_draws_a_line():
    image = sinogram.reconstruct(sinogram.with_zinger(np.zeros((64, VIEWS)), 40, 0, 1.0))
    assert (image[12:-12, 40] < 0).all()  # the view along the columns' axis sees column 40
    assert (image[12:-12, [39, 41]] > 0).all()


def test_hardening_and_blur_act_on_line_integrals():
    line = np.array([[0.0], [2.0], [0.0]])
    assert sinogram.hardened(line, 0.1)[1, 0] == pytest.approx(1.6)
    np.testing.assert_allclose(sinogram.with_blur(line, np.ones(4)), line, atol=1e-12)
