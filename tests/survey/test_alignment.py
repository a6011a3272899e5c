import numpy as np
import pytest
from grey_phantoms import MEANS, SPREAD, TRAINING, grey_levels, known_scale

from synfine_monai.errors import ScanError
from synfine_monai.survey.alignment import align

SCALE, (CENTER, SPREAD_ALL) = known_scale()
OTHER_SHARES = [(0.2, 0.8, 0.0), (0.05, 0.9, 0.05), (0.4, 0.5, 0.1), (0.6, 0.4, 0.0)]


def aligned(values, dtype="uint16", way="auto", scale=SCALE):
    return align(values, dtype, (float(values.mean()), float(values.std())), scale, way)


@pytest.mark.parametrize("shares", OTHER_SHARES)
def test_other_shares_of_the_phases_keep_the_scale_of_training(shares):
    values, _ = grey_levels(shares, 20_000)
    found = aligned(values)
    assert (found.center, found.scale) == (CENTER, SPREAD_ALL)
    assert "those of the training scan" in found.how
    assert found.sure


@pytest.mark.parametrize("shares", [TRAINING, *OTHER_SHARES])
@pytest.mark.parametrize(("gain", "offset"), [(1.5, -200.0), (0.5, 4000.0), (1.1, 0.0), (1 / 400, 0.0)])
def test_gain_and_offset_are_found_whatever_the_shares(shares, gain, offset):
    values, _ = grey_levels(shares)
    found = aligned(gain * values + offset, "float32")
    assert found.scale == pytest.approx(gain * SPREAD_ALL, rel=0.02)
    assert found.center == pytest.approx(gain * CENTER + offset, abs=0.05 * gain * SPREAD_ALL)
    assert "gain" in found.how


def test_the_training_scan_itself_is_taken_to_the_last_digit():
    values, _ = grey_levels(TRAINING, seed=9)
    found = aligned(values)
    assert (found.center, found.scale) == (float(values.mean()), float(values.std()))


def test_an_export_to_another_type_is_known_even_for_a_crop():
    values, _ = grey_levels((0.1, 0.9, 0.0), 5_000)
    found = aligned(values / 65535, "float32")
    assert found.scale == pytest.approx(SPREAD_ALL / 65535)


def test_a_crop_within_one_phase_is_never_stretched():
    noise = np.random.default_rng(0).normal(1000, SPREAD, 16_000)
    same = aligned(noise)
    assert (same.center, same.scale) == (CENTER, SPREAD_ALL)
    other = aligned(3 * noise + 5000)
    assert not other.sure
    assert (other.center, other.scale) == (CENTER, SPREAD_ALL)


def test_a_phase_that_training_never_saw_is_told_and_moves_nothing():
    values, classes = grey_levels((0.2, 0.8, 0.0), 400_000)
    found = aligned(np.where(classes == 0, values + 1100, values))
    assert (found.center, found.scale) == pytest.approx((CENTER, SPREAD_ALL), rel=0.02)
    assert found.foreign == pytest.approx(0.2, abs=0.07)


@pytest.mark.parametrize(("width", "seen"), [(0.6, (0.5, 0.8)), (1.0, (1.0, 1.0)), (2.0, (1.6, 2.5))])
def test_blur_and_noise_are_told_from_a_gain(width, seen):
    values, classes = grey_levels((0.2, 0.75, 0.05))
    found = aligned(MEANS[classes] * (1 - width) + values * width)
    assert (found.center, found.scale) == (CENTER, SPREAD_ALL)
    assert seen[0] <= found.width <= seen[1]


def test_a_model_without_grey_levels_takes_the_scans_own():
    values, _ = grey_levels((0.4, 0.5, 0.1))
    found = aligned(values, scale=None)
    assert (found.center, found.scale) == (float(values.mean()), float(values.std()))


def test_each_way_can_be_asked_for():
    values, _ = grey_levels((0.4, 0.5, 0.1))
    assert aligned(values, way="own").center == values.mean()
    assert aligned(2 * values, way="training").center == CENTER
    assert aligned(values, way="fitted").scale == pytest.approx(SPREAD_ALL, rel=0.02)


@pytest.mark.parametrize(("way", "scale", "problem"), [("best", SCALE, "choose auto"), ("training", None, "'own'")])
def test_refuses_what_cannot_be(way, scale, problem):
    with pytest.raises(ScanError, match=problem):
        aligned(np.arange(100.0), way=way, scale=scale)
