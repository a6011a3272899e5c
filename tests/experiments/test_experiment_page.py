from matplotlib.figure import Figure

from synfine_monai.experiments.tables import fill_in, write_page

PAGE = "Before.\n<!-- small: Ranks -->\nold\n<!-- end -->\nBetween.\n<!-- other: Ranks -->\nkept\n<!-- end -->\n"


def test_figures_come_first_and_sections_follow_in_order(tmp_path):
    page = write_page(tmp_path / "new", "Noise", {"Ranks": "| a |\n\n", "Gains": "text"}, {"mean_ranks": Figure()})
    assert page == tmp_path / "new" / "tables.md"
    assert page.read_text("utf-8") == (
        "# Noise\n\nDrawn from [runs.csv](runs.csv); do not edit by hand.\n\n![mean ranks](mean_ranks.png)\n\n"
        "## Ranks\n\n| a |\n\n## Gains\n\ntext\n"
    )
    assert sorted(file.name for file in page.parent.iterdir()) == ["mean_ranks.png", "tables.md"]


def test_drawn_again_the_page_is_replaced(tmp_path):
    for words in ("old", "new"):
        page = write_page(tmp_path, words, {"Ranks": words}, {})
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
