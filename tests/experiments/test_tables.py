from made_up_rows import row
from matplotlib.figure import Figure

from synfine_monai.experiments import markdown_table
from synfine_monai.experiments.tables import fill_in, gain_table, score_table, signed, write_tables
from synfine_monai.metrics import Interval


def cells(table: str) -> list[list[str]]:
    """A pipe table without its ruler, as rows of cells."""
    lines = [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()]
    return [lines[0], *lines[2:]]


def test_markdown_has_a_head_a_ruler_and_a_line_a_row():
    assert markdown_table(["method", "Dice"], [["all", "0.9"]]) == "| method | Dice |\n| --- | --- |\n| all | 0.9 |\n"


def test_a_difference_shows_its_sign():
    assert signed(Interval(0.05, -0.01, 0.11)) == "+0.050 [-0.010, +0.110]"


def test_the_score_that_judges_comes_first_and_sorts():
    rows = [row("last_layer", dice=0.7), row("all", dice=0.9), row("threshold", dice=0.8)]
    head, *body = cells(score_table(rows, "pore_dice"))
    assert head[:3] == ["method", "pore Dice", "mean Dice"]
    assert [line[0] for line in body] == ["all layers fine-tuned", "best single threshold", "last layer fine-tuned"]
    assert body[0][1] == "0.900 [0.900, 0.900]"
    assert cells(score_table(rows, "mean_dice"))[0][1] == "mean Dice"


def test_other_scores_are_means_over_seeds_and_a_dash_where_unknown():
    rows = [
        row("all", 0, porosity_error=1.0, two_point_error=""),
        row("all", 1, porosity_error=2.0, two_point_error=""),
    ]
    assert cells(score_table(rows, "pore_dice"))[1][-2:] == ["1.50", "–"]


def test_gains_are_judged_by_the_score_of_the_task():
    groups = {
        "berea, 16": [row("high", dice=0.9), row("all", dice=0.8)],
        "concrete, 16": [row("high", task="concrete", dice=0.8), row("all", task="concrete", dice=0.795)],
        "sandstone, 16": [row("high", task="sandstone")],
    }
    scores = {"berea": "pore_dice", "concrete": "mean_dice", "sandstone": "mean_dice"}
    head, *body = cells(gain_table(groups, [("high", "all")], scores))
    assert head == ["", "tuned: high − all layers fine-tuned"]
    assert body == [
        ["berea, 16", "+0.100 [+0.100, +0.100], better"],
        ["concrete, 16", "+0.005 [+0.005, +0.005], equal"],
        ["sandstone, 16", "–"],
    ]


PAGE = "Before.\n<!-- small: Ranks -->\nold\n<!-- end -->\nBetween.\n<!-- other: Ranks -->\nkept\n<!-- end -->\n"


def test_figures_come_first_and_sections_follow_in_order(tmp_path):
    page = write_tables(tmp_path / "new", "Noise", {"Ranks": "| a |\n\n", "Gains": "text"}, {"mean_ranks": Figure()})
    assert page == tmp_path / "new" / "tables.md"
    assert page.read_text("utf-8") == (
        "# Noise\n\nDrawn from [runs.csv](runs.csv); do not edit by hand.\n\n![mean ranks](mean_ranks.png)\n\n"
        "## Ranks\n\n| a |\n\n## Gains\n\ntext\n"
    )
    assert sorted(file.name for file in page.parent.iterdir()) == ["mean_ranks.png", "tables.md"]


def test_drawn_again_the_page_is_replaced(tmp_path):
    for words in ("old", "new"):
        page = write_tables(tmp_path, words, {"Ranks": words}, {})
    assert "old" not in page.read_text("utf-8")


def test_a_table_goes_between_its_marks_and_nothing_else_changes(tmp_path):
    page = tmp_path / "experiments.md"
    page.write_text(PAGE)
    fill_in(page, "small", {"Ranks": "| a \\1 |\n", "Not shown": "x"})
    filled = PAGE.replace("\nold\n", "\n\n| a \\1 |\n\n")
    assert page.read_text() == filled
    fill_in(page, "small", {"Ranks": "| a \\1 |\n"})
    assert page.read_text() == filled


def test_without_a_page_nothing_is_written(tmp_path):
    fill_in(tmp_path / "experiments.md", "small", {"Ranks": "x"})
    assert list(tmp_path.iterdir()) == []
