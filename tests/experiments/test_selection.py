import pytest
from made_up_rows import ALIKE, RGN, rgn_cell, row, rows_of_parts

from synfine_monai.experiments.selection import (
    BLOCKS,
    LEVELS,
    mean_ranks,
    rank_correlation,
    rgn_by_seed,
    selected_by_seed,
    with_selected,
)

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
