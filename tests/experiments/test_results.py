import numpy as np
import pytest
from made_up_rows import ALIKE, RGN, rgn_cell, row, rows_of_parts

from synfine_monai.experiments.results import (
    BLOCKS,
    LEVELS,
    dice_by_seed,
    difference,
    grouped,
    interval,
    mean_of,
    mean_ranks,
    methods_in,
    rank_correlation,
    ranks_by_seed,
    rgn_by_seed,
    selected_by_seed,
    verdict,
    with_selected,
)
from synfine_monai.metrics import Interval


def rows_of(**dice_by_method):
    """Method -> its Dice for seeds 0, 1, ..."""
    return [row(method, seed, d) for method, of_seeds in dice_by_method.items() for seed, d in enumerate(of_seeds)]


def test_groups_are_named_by_their_factors_in_the_order_of_the_rows():
    rows = [row("all", task="concrete", shift="rings"), row("all", shift="noise"), row("low", shift="noise")]
    groups = grouped(rows, ("task", "shift"))
    assert {name: methods_in(each) for name, each in groups.items()} == {
        "concrete, rings": ["all"],
        "berea, noise": ["all", "low"],
    }


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


OTHER = {**RGN, "up_0": 0.9, "low": 0.9}
"""Sensitivities of a seed that selects other parts."""


@pytest.fixture
def rows():
    return [*rows_of_parts(ALIKE, 0), *rows_of_parts(ALIKE, 1, OTHER)]


def test_the_head_is_no_block_to_choose():
    assert BLOCKS == ("down_0", "down_1", "down_2", "up_0", "up_1")
    assert LEVELS == ("high", "mid", "low")


def test_sensitivities_are_read_from_the_rows_that_carry_them(rows):
    assert rgn_by_seed(rows) == {"0": RGN, "1": OTHER}


def test_each_seed_selects_its_part_of_highest_rgn(rows):
    assert selected_by_seed(rows, BLOCKS) == {"0": "down_0", "1": "up_0"}
    assert selected_by_seed(rows, LEVELS) == {"0": "high", "1": "low"}


def test_a_head_of_highest_rgn_is_passed_over():
    rows = [row("native", rgn=f"{rgn_cell()} head=99")]
    assert selected_by_seed(rows, BLOCKS) == {"0": "down_0"}


def test_what_was_selected_is_copied_and_not_run_again(rows):
    added = with_selected(rows)[len(rows) :]
    assert [(r["method"], r["seed"], r["selected"]) for r in added] == [
        ("surgical", "0", "high"), ("surgical", "1", "low"), ("auto_block", "0", "down_0"), ("auto_block", "1", "up_0")
    ]  # fmt: skip
    (of_high,) = (r for r in rows if r["method"] == "high" and r["seed"] == "0")
    assert added[0] == {**of_high, "method": "surgical"}


def test_rows_without_sensitivities_get_no_copies():
    rows = [row("high"), row("low")]
    assert with_selected(rows) == rows


@pytest.mark.parametrize(("parts", "sign"), [(BLOCKS, 1), (LEVELS, 1), (BLOCKS, -1), (LEVELS, -1)])
def test_correlation_is_one_where_orders_agree_and_minus_one_where_they_are_reversed(parts, sign):
    dice = {part: 0.5 + sign * 0.4 * RGN[part] for part in parts}
    assert rank_correlation(rows_of_parts(dice), parts, "pore_dice") == pytest.approx(sign)


def test_correlation_is_the_mean_over_seeds():
    against = {part: 0.5 - 0.4 * RGN[part] for part in LEVELS}
    rows = [*rows_of_parts(ALIKE, 0), *rows_of_parts(against, 1)]
    assert rank_correlation(rows, LEVELS, "pore_dice") == pytest.approx(0)


def test_correlation_needs_a_full_set_of_parts(rows):
    assert rank_correlation([r for r in rows if r["method"] != "mid"], LEVELS, "pore_dice") is None


def test_seeds_in_which_all_parts_end_alike_have_no_order():
    alike = rows_of_parts(dict.fromkeys(LEVELS, 0.8), 1)
    assert rank_correlation(alike, LEVELS, "pore_dice") is None
    assert rank_correlation([*rows_of_parts(ALIKE, 0), *alike], LEVELS, "pore_dice") == pytest.approx(1)


def test_ranks_are_gathered_over_groups_by_each_tasks_own_score():
    groups = {
        "berea": [row("all", 0, 0.9), row("low", 0, 0.8), row("high", 0, 0.99)],
        "concrete": [row("low", 0, 0.7, task="concrete"), row("all", 0, 0.6, task="concrete")],
    }
    ranks = mean_ranks(groups, {"berea": "pore_dice", "concrete": "mean_dice"})
    assert ranks == {"all": [1.0, 2.0], "low": [2.0, 1.0]}
