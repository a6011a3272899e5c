import numpy as np
import pytest
from made_up_rows import row

from synfine_monai.experiments.results import (
    dice_by_seed,
    difference,
    grouped,
    interval,
    mean_of,
    methods_in,
    ranks_by_seed,
    verdict,
)
from synfine_monai.metrics import Interval


def rows_of(**dice_by_method):
    """Method -> its Dice for seeds 0, 1, ..."""
    return [row(method, seed, d) for method, of_seeds in dice_by_method.items() for seed, d in enumerate(of_seeds)]


def test_groups_are_named_by_their_factors_in_the_order_of_the_rows():
    rows = [row("all", task="concrete", shift="rings"), row("all", shift="noise"), row("low", shift="noise")]
    groups = grouped(rows, ("task", "shift"))
    assert {name: methods_in(each) for name, each in groups.items()} == {
        "concrete, rings": ["all"], "berea, noise": ["all", "low"]
    }  # fmt: skip


def test_runs_and_places_alike_leave_no_width():
    assert interval(rows_of(all=[0.9, 0.9, 0.9]), "all", "pore_dice") == pytest.approx((0.9, 0.9, 0.9))


def test_interval_spans_seeds_and_places():
    by_seed = interval(rows_of(all=[0.8, 0.9]), "all", "mean_dice")
    by_place = interval([row("all", 0, [0.7, 0.8, 0.9, 1.0])], "all", "mean_dice")
    assert by_seed == pytest.approx((0.85, 0.8, 0.9))
    assert by_place.mean == pytest.approx(0.85)
    assert by_place.low < 0.8 < 0.9 < by_place.high


def test_difference_is_paired_by_place_and_by_seed_in_any_order():
    places = np.array([0.5, 0.6, 0.7, 0.8])
    rows = [row("low", seed, places + 0.01 * seed + 0.05) for seed in (10, 9, 2)]
    rows += [row("all", seed, places + 0.01 * seed) for seed in (2, 9, 10)]
    assert difference(rows, "low", "all", "pore_dice") == pytest.approx((0.05, 0.05, 0.05))
    assert difference(rows, "all", "low", "pore_dice") == pytest.approx((-0.05, -0.05, -0.05))


def test_difference_takes_the_seeds_that_both_have():
    rows = [row("low", 0, 0.9), row("low", 1, 0.1), row("all", 0, 0.8), row("all", 7, 0.1)]
    assert difference(rows, "low", "all", "mean_dice").mean == pytest.approx(0.1)
    assert difference(rows[1:3], "low", "all", "mean_dice") is None


@pytest.mark.parametrize(
    ("gain", "words"),
    [
        (None, "–"),
        (Interval(0.009, 0.008, 0.010), "equal"),
        (Interval(0.04, -0.01, 0.09), "equal"),
        (Interval(0.04, 0.01, 0.09), "better"),
        (Interval(-0.04, -0.09, -0.01), "worse"),
    ],
)
def test_verdict_asks_for_a_hundredth_and_for_an_interval_off_zero(gain, words):
    assert verdict(gain) == words


def test_dice_of_a_seed_pools_its_places():
    assert dice_by_seed([row("all", 3, [0.5, 0.7, 0.9, 0.9])], "all", "pore_dice") == pytest.approx({"3": 0.75})


def test_ties_share_the_mean_of_their_ranks():
    rows = rows_of(low=[0.9, 0.7], all=[0.9, 0.8], native=[0.5, 0.9])
    ranks = ranks_by_seed(rows, ["low", "all", "native"], "pore_dice")
    assert ranks == {"low": [1.5, 3.0], "all": [1.5, 2.0], "native": [3.0, 1.0]}


def test_seeds_that_a_method_lacks_are_not_ranked():
    rows = rows_of(low=[0.9, 0.7], all=[0.8])
    assert ranks_by_seed(rows, ["low", "all"], "pore_dice") == {"low": [1.0], "all": [2.0]}


def test_mean_of_a_column_leaves_out_empty_cells():
    rows = [row("all", 0, accuracy=0.9), row("all", 1, accuracy=""), row("all", 2, accuracy=0.7), row("low")]
    assert mean_of(rows, "all", "accuracy") == pytest.approx(0.8)
    assert mean_of(rows[1:2], "all", "accuracy") is None
