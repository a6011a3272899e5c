import math

import pytest
from made_up_rows import row

from synfine_monai.experiments import arm_report, label_report
from synfine_monai.experiments.label_efficiency import budget_tables, labels_needed, needed_table, saved_table

SCORES = {"berea": "pore_dice"}


def curve(method, dice, seed=0, budgets=("4", "16", "all"), patches=(4, 16, 32)):
    """Rows of one method, one a budget."""
    return [
        row(method, seed, d, label_budget=budget, patches=count)
        for budget, count, d in zip(budgets, patches, dice, strict=True)
    ]


@pytest.fixture
def rows():
    return [*curve("surgical", (0.8, 0.9, 0.92)), *curve("random_forest", (0.6, 0.8, 0.93)),
            *curve("last_layer", (0.5, 0.55, 0.6))]  # fmt: skip


def test_half_the_gain_lies_at_the_geometric_middle():
    assert labels_needed([4, 16], [0.8, 0.9], 0.85) == pytest.approx(8)


def test_a_curve_that_starts_above_needs_its_first_patches():
    assert labels_needed([4, 16], [0.8, 0.9], 0.75) == 4
    assert labels_needed([4, 16], [0.8, 0.9], 0.8) == 4


def test_the_target_is_reached_at_a_point_on_the_curve():
    assert labels_needed([4, 16, 64], [0.8, 0.9, 0.95], 0.9) == pytest.approx(16)


def test_a_dip_does_not_count_where_the_target_was_reached_before():
    assert labels_needed([1, 4, 16, 64], [0.7, 0.9, 0.8, 0.95], 0.9) == pytest.approx(4)


def test_a_curve_that_stays_below_is_infinite():
    assert math.isinf(labels_needed([4, 16], [0.8, 0.9], 0.91))
    assert math.isinf(labels_needed([4], [0.8], 0.91))


def test_budgets_stand_side_by_side_and_a_gap_is_a_dash(rows):
    task, _, *lines = budget_tables(rows[:-1], SCORES).splitlines()
    assert task == "**berea**"
    assert lines[0] == "| method | N = 4 | N = 16 | N = all |"
    assert lines[2].startswith("| surgical fine-tuning | 0.800 [0.800, 0.800] | 0.900")
    assert lines[3] == "| last layer fine-tuned | 0.500 [0.500, 0.500] | 0.550 [0.550, 0.550] | – |"


def test_labels_needed_to_come_near_the_best_of_all_labels(rows):
    lines = needed_table(rows, SCORES).splitlines()
    assert lines[2:] == [
        "| berea | 0.920 | surgical fine-tuning | 32 (32 to 32) |",
        "| berea | 0.920 | last layer fine-tuned | not reached (not reached to not reached) |",
        "| berea | 0.920 | random forest | 30 (30 to 30) |",
    ]


def test_labels_needed_are_the_median_over_seeds():
    rows = [*curve("all", (0.9, 0.9, 0.9), 0), *curve("all", (0.8, 0.9, 0.9), 1), *curve("all", (0.8, 0.88, 0.9), 2)]
    assert needed_table(rows, SCORES, margin=0.0).splitlines()[2].endswith("| 16 (4 to 32) |")


def test_without_all_labels_there_is_no_target(rows):
    assert len(needed_table([r for r in rows if r["label_budget"] != "all"], SCORES).splitlines()) == 2


def test_labels_saved_are_what_others_need_for_the_same_dice(rows):
    assert saved_table(rows, SCORES, "surgical").splitlines() == [
        "| task | method | patches for the Dice of surgical fine-tuning at 16 |",
        "| --- | --- | --- |",
        "| berea | last layer fine-tuned | not reached (not reached to not reached) |",
        "| berea | random forest | 27 (27 to 27) |",
    ]


def test_labels_are_saved_seed_by_seed():
    rows = [*curve("all", (0.8, 0.9, 0.9), 0), *curve("all", (0.8, 0.8, 0.9), 1), *curve("scratch", (0.8, 0.9, 0.9), 0),
            *curve("scratch", (0.8, 0.9, 0.9), 1), *curve("scratch", (0.1, 0.2, 0.3), 2)]  # fmt: skip
    assert saved_table(rows, SCORES, "all").splitlines()[2] == "| berea | from scratch | 10 (4 to 16) |"


def test_page_and_figure_are_written(rows, tmp_path):
    page = label_report(tmp_path, "Label efficiency", rows, SCORES)
    text = page.read_text("utf-8")
    assert sorted(file.name for file in tmp_path.iterdir()) == ["label_efficiency.png", "tables.md"]
    assert text.startswith("# Label efficiency\n\nDrawn from [runs.csv](runs.csv)")
    assert "![label efficiency](label_efficiency.png)" in text
    assert [line for line in text.splitlines() if line.startswith("## ")] == [
        "## Dice by number of labelled patches", "## What the default (surgical) gains",
        "## Labels needed", "## Labels saved",
        "## berea, 4 patches", "## berea, 16 patches", "## berea, all patches",
    ]  # fmt: skip
    assert "| berea, 4 | +0.200 [+0.200, +0.200], better | +0.300 [+0.300, +0.300], better |" in text


WORDS = {"vanilla": "fine-tuning alone", "bridged": "bridged", "mixed_1": "mixed 1:1"}


def arm_rows(arms):
    return [row(arm, seed, dice, label_budget=4) for arm, dice in arms.items() for seed in range(3)]


def test_tables_name_the_arms_and_answer_the_questions(tmp_path):
    questions = {"Bridged against mixed": [["bridged", "mixed_1"]]}
    made = arm_rows({"vanilla": 0.8, "bridged": 0.9, "mixed_1": 0.85})
    text = arm_report(tmp_path, "Bridge", made, SCORES, WORDS, questions, {"Distances": "none"}).read_text()
    assert "| fine-tuning alone | 0.800" in text
    assert "| berea, 4 | +0.050 [+0.050, +0.050], better |" in text
    assert "## Distances\n\nnone" in text
    assert text.index("Dice of every arm") < text.index("Bridged against mixed") < text.index("Distances")
    assert (tmp_path / "gains.png").is_file()


def test_arms_that_were_not_run_are_left_out(tmp_path):
    questions = {"Bridged against mixed": [["bridged", "mixed_1"]], "Gain": [["bridged", "vanilla"]]}
    text = arm_report(tmp_path, "x", arm_rows({"vanilla": 0.8, "bridged": 0.9}), SCORES, WORDS, questions).read_text()
    assert "mixed 1:1" not in text
    assert "## Bridged against mixed" not in text
    assert "## Gain" in text
