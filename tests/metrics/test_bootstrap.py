import time

import numpy as np
import pytest

from synfine_monai.errors import ScanError
from synfine_monai.metrics import Interval, bootstrap_interval, equal, paired_place_difference, place_interval


def test_interval_of_many_units_agrees_with_theory():
    values = np.random.default_rng(0).normal(0.9, 0.05, size=400)
    interval = bootstrap_interval(values)
    half_width = 1.96 * values.std() / 20
    assert interval.mean == pytest.approx(values.mean())
    assert interval.low == pytest.approx(values.mean() - half_width, abs=5e-4)
    assert interval.high == pytest.approx(values.mean() + half_width, abs=5e-4)


def test_one_unit_says_nothing_about_spread():
    assert bootstrap_interval([0.9]) == (0.9, 0.9, 0.9)


def test_an_interval_of_numbers_repeats_by_seed():
    values = [0.91, 0.93, 0.94, 0.90]
    assert bootstrap_interval(values, seed=1) == bootstrap_interval(values, seed=1)
    assert bootstrap_interval(values, seed=1, draws=99) != bootstrap_interval(values, seed=2, draws=99)


def test_refuses_no_values():
    with pytest.raises(ValueError, match="at least one value"):
        bootstrap_interval([])


SIZE = 1000.0


def counts_of(dice: np.ndarray) -> np.ndarray:
    """(..., places) Dice -> (..., places, 2, 2) counts: one class, and pore space the same; equal sizes everywhere."""
    hits = np.stack([dice * SIZE, np.full(np.shape(dice), SIZE)], axis=-1)
    return np.stack([hits, hits], axis=-2)


def test_runs_and_places_alike_leave_no_width():
    interval = place_interval(counts_of(np.full((3, 8), 0.9)), "mean_dice")
    assert interval == pytest.approx((0.9, 0.9, 0.9))


def test_a_constant_shift_is_found_exactly():
    easy_and_hard = np.random.default_rng(0).uniform(0.5, 0.8, size=(3, 8))
    difference = paired_place_difference(counts_of(easy_and_hard + 0.05), counts_of(easy_and_hard), "pore_dice")
    assert difference == pytest.approx((0.05, 0.05, 0.05))


def test_mean_is_the_mean_over_runs_of_the_pooled_dice():
    counts = np.zeros((2, 2, 2, 2))
    counts[0] = [[[8, 10]] * 2, [[10, 30]] * 2]
    counts[1] = [[[10, 10]] * 2, [[30, 30]] * 2]
    assert place_interval(counts, "mean_dice").mean == pytest.approx((18 / 40 + 1) / 2)


def test_width_shrinks_with_the_root_of_the_places():
    dice = np.random.default_rng(1).normal(0.8, 0.05, (1, 16))
    few, many = (place_interval(counts_of(np.tile(dice, times)), "mean_dice") for times in (1, 16))
    assert (many.high - many.low) / (few.high - few.low) == pytest.approx(1 / 4, rel=0.1)


def test_one_run_varies_by_place_and_one_place_by_run():
    dice = np.random.default_rng(2).uniform(0.6, 0.9, size=(1, 9))
    by_place, by_run = (place_interval(counts_of(part), "mean_dice") for part in (dice, dice.T))
    assert by_place.high - by_place.low > 0.05
    assert by_run.high - by_run.low == pytest.approx(by_place.high - by_place.low, rel=0.15)


def test_covers_the_truth_about_as_often_as_it_says():
    rng = np.random.default_rng(3)
    hits = 0
    for trial in range(200):
        of_run, of_place = rng.normal(0, 0.02, (9, 1)), rng.normal(0, 0.04, (1, 16))
        dice = rng.binomial(int(SIZE), 0.8 + of_run + of_place) / SIZE
        interval = place_interval(counts_of(dice), "mean_dice", seed=trial, draws=400)
        hits += interval.low <= 0.8 <= interval.high
    assert 0.85 <= hits / 200 <= 0.99


def test_places_without_labels_change_nothing():
    counts = counts_of(np.random.default_rng(4).uniform(0.6, 0.9, size=(3, 8)))
    padded = np.concatenate([np.zeros((3, 4, 2, 2)), counts], axis=1)
    assert place_interval(padded, "mean_dice") == place_interval(counts, "mean_dice")


def test_repeats_by_seed():
    counts = counts_of(np.random.default_rng(5).uniform(0.6, 0.9, size=(3, 8)))
    assert place_interval(counts, "mean_dice", seed=1) == place_interval(counts, "mean_dice", seed=1)
    assert place_interval(counts, "mean_dice", seed=1) != place_interval(counts, "mean_dice", seed=2)


def test_draws_without_pores_are_left_out():
    counts = counts_of(np.full((2, 3), 0.7))
    counts[:, 1:, 1] = 0
    assert place_interval(counts, "pore_dice") == pytest.approx((0.7, 0.7, 0.7))


def test_two_thousand_draws_take_no_time():
    counts = np.random.default_rng(6).integers(1, 9999, size=(9, 16, 5, 2))
    seconds = []
    for _ in range(3):
        start = time.perf_counter()
        place_interval(counts, "mean_dice")
        seconds.append(time.perf_counter() - start)
    assert min(seconds) < 0.2


@pytest.mark.parametrize(
    ("difference", "same"),
    [
        (Interval(0.008, 0.005, 0.011), True),
        (Interval(0.03, -0.01, 0.07), True),
        (Interval(0.03, 0.01, 0.05), False),
        (Interval(-0.03, -0.05, -0.01), False),
    ],
)
def test_equal_within_the_margin_or_where_zero_is_covered(difference, same):
    assert equal(difference) is same


def test_refuses_unpaired_counts():
    with pytest.raises(ValueError, match="equal shapes"):
        paired_place_difference(np.ones((3, 8, 2, 2)), np.ones((2, 8, 2, 2)), "mean_dice")


def test_refuses_counts_without_runs():
    with pytest.raises(ValueError, match="runs, places"):
        place_interval(np.ones((8, 2, 2)), "mean_dice")


def test_refuses_nothing_to_score():
    with pytest.raises(ScanError, match="no place has a labelled voxel"):
        place_interval(np.zeros((3, 8, 2, 2)), "mean_dice")
    without_pores = counts_of(np.full((3, 8), 0.9))
    without_pores[:, :, 1] = 0
    with pytest.raises(ScanError, match="without pores"):
        place_interval(without_pores, "pore_dice")
