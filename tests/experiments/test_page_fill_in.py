from synfine_monai.experiments.page import fill_in

PAGE = "Before.\n<!-- small: Ranks -->\nold\n<!-- end -->\nBetween.\n<!-- other: Ranks -->\nkept\n<!-- end -->\n"


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
