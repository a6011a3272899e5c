from html.parser import HTMLParser

import pytest

from synfine_monai.metrics import Score
from synfine_monai.notices import gather_notices, look_at
from synfine_monai.report import method_words
from synfine_monai.report.page import write_report
from synfine_monai.report.table import best_methods, results_table, true_porosity


def test_a_reader_finds_task_labels_methods_and_truth(metrics):
    table = results_table(metrics)
    assert table.startswith("concrete <1>, test items, 16 labelled patches, tuned: high")
    assert "True porosity of the same voxels: 20.00 %." in table
    first_words = [line.split("  ")[0] for line in table.splitlines()[4:7]]
    assert first_words == ["surgical fine-tuning", "Otsu", "tuned: high+head"]


def test_columns_are_aligned(metrics):
    lines = results_table(metrics).splitlines()[2:7]
    assert len({len(line) for line in lines}) == 1


def test_numbers_stand_under_their_titles_and_the_best_is_marked(metrics):
    head, _, surgical, otsu, _ = results_table(metrics).splitlines()[2:7]
    column = head.index("pore Dice")
    assert surgical[column : column + 10].strip() == "0.950*"
    assert otsu[column : column + 10].strip() == "0.750"
    column = head.index("porosity %")
    assert surgical[column : column + 11].strip() == "20.00"


def test_ties_as_printed_are_both_best_and_unknown_never_is():
    methods = {"a": {"s": 0.90001}, "b": {"s": 0.90002}, "c": {"s": 0.8}, "d": {"s": None}}
    assert best_methods(methods, Score("s", "score")) == {"a", "b"}
    assert best_methods(methods, Score("s", "error", best="min")) == {"c"}
    assert best_methods(methods, Score("s", "porosity", best=None)) == set()


def test_unknown_is_a_dash():
    assert Score("s", "score").text(None) == "–"


def test_all_labels_are_called_so(metrics):
    assert "all labelled patches" in results_table({**metrics, "label_budget": None, "selected": None})
    assert "1 labelled patch," in results_table({**metrics, "label_budget": 1})


def test_methods_come_in_one_order_whatever_order_they_ran_in():
    assert list(method_words(["otsu", "mid", "surgical", "all"])) == ["surgical", "all", "otsu", "mid"]


def test_true_porosity_weighs_items_by_their_voxels():
    items = [{"true_porosity": 0.1, "voxels": 300}, {"true_porosity": 0.5, "voxels": 100}, {"true_porosity": None}]
    assert true_porosity({"any": {"per_item": items}}) == pytest.approx(0.2)


class Reader(HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.open, self.sources, self.words = [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        if tag not in ("meta", "img", "br"):
            self.open.append(tag)
        self.sources += [value for key, value in attrs if key == "src"]

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.words.append(data)


def test_shows_table_pictures_and_settings(metrics, tmp_path):
    (tmp_path / "figures").mkdir()
    for name in ("methods.png", "slice 1.png"):
        (tmp_path / "figures" / name).touch()
    page = Reader(write_report(tmp_path, metrics, {"tune": "auto", "rock": "<sandstone>"}).read_text(encoding="utf-8"))
    assert page.open == []
    assert page.sources == ["figures/methods.png", "figures/slice%201.png"]
    for words in ("surgical fine-tuning", "0.950", "<sandstone>", "concrete <1>: segmentation report"):
        assert words in page.words


def test_pictures_may_be_chosen_and_lie_elsewhere(metrics, tmp_path):
    page = Reader(write_report(tmp_path, metrics, figures=[tmp_path / "b.png", tmp_path / "a.png"]).read_text("utf-8"))
    assert page.sources == ["b.png", "a.png"]


def test_what_is_to_be_looked_at_stands_before_the_table(metrics, tmp_path):
    gather_notices()
    assert "Look at these" not in write_report(tmp_path, metrics).read_text("utf-8")
    look_at("The mask <fov> is small.")
    page = write_report(tmp_path, metrics).read_text("utf-8")
    assert page.index("<li>The mask &lt;fov&gt; is small.</li>") < page.index("<table>")
    gather_notices()
