import pytest
from made_up_rows import ALIKE, RGN, row, rows_of_parts

from synfine_monai.experiments import tuning_report
from synfine_monai.experiments.results import mean_ranks, with_selected
from synfine_monai.experiments.tuning import rank_table, selection_table

SCORES = {"berea": "pore_dice"}
REVERSED = {part: 0.95 - 0.4 * RGN[part] for part in ALIKE}


def rows_of_shift(shift, dice, seeds=(0, 1)):
    """All methods of one shift, alike for each seed."""
    rows = [each for seed in seeds for each in rows_of_parts(dice, seed)]
    rows += [row(method, seed, d) for seed in seeds for method, d in (("last_layer", 0.7), ("all", 0.91))]
    return [{"shift": shift, **each} for each in rows]


@pytest.fixture
def groups():
    return {
        "berea, rings": with_selected(rows_of_shift("rings", ALIKE)),
        "berea, photon_noise": with_selected(rows_of_shift("photon_noise", REVERSED)),
    }


def test_selection_says_what_was_chosen_what_was_best_and_how_orders_agree(groups):
    lines = selection_table(groups, SCORES).splitlines()
    assert lines[2:4] == [
        "| berea, rings | down_0 (2) | down_0 (2) | +1.00 | high (2) | high (2) | +1.00 |",
        "| berea, photon_noise | down_0 (2) | up_1 (2) | -1.00 | high (2) | low (2) | -1.00 |",
    ]


def test_selection_of_runs_without_sensitivities_is_a_dash():
    rows = [row("all"), row("high", dice=0.9)]
    assert selection_table({"berea": rows}, SCORES).splitlines()[2] == "| berea | – | – | – | – | high (1) | – |"


def test_what_rgn_selected_shares_the_rank_of_the_part_that_it_is(groups):
    table = dict(line.strip("| ").split(" | ") for line in rank_table(mean_ranks(groups, SCORES)).splitlines()[2:])
    assert len(table) == 13
    ranks = [float(mean) for mean in table.values()]
    assert ranks == sorted(ranks)
    assert sum(ranks) == pytest.approx(sum(range(1, 14)), abs=0.7)  # each is rounded to a tenth
    assert table["surgical fine-tuning"] == table["tuned: high"]
    assert table["tuned: auto_block"] == table["tuned: down_0"]


def test_page_and_figures_are_written(tmp_path):
    rows = [*rows_of_shift("rings", ALIKE), *rows_of_shift("photon_noise", REVERSED)]
    page = tuning_report(tmp_path, "Corrupted real data", rows, SCORES, ["task", "shift"])
    text = page.read_text("utf-8")
    assert sorted(file.name for file in tmp_path.iterdir()) == ["ranks.png", "rgn_and_dice.png", "tables.md"]
    assert [line for line in text.splitlines() if line.startswith("#")] == [
        "# Corrupted real data", "## Does RGN find the part to tune?",
        "## What tuning the level of highest RGN gains", "## What tuning all layers gains", "## Mean ranks",
        "## berea, rings", "## berea, photon_noise",
    ]  # fmt: skip
    assert "| berea, rings | +0.420 [+0.420, +0.420], better | +0.220 [+0.220, +0.220], better | +0.010" in text


def test_only_methods_that_all_groups_have_are_compared(tmp_path):
    rows = [*rows_of_shift("rings", ALIKE), *rows_of_shift("noise", ALIKE)]
    rows.append({"shift": "noise", **row("scratch", 0, 0.99)})
    text = tuning_report(tmp_path, "Two", rows, SCORES, ["task", "shift"]).read_text("utf-8")
    gains, ranks = (text.split(f"## {heading}")[1].split("##")[0] for heading in ("What tuning", "Mean ranks"))
    assert "from scratch" not in gains + ranks
    assert "from scratch" in text
