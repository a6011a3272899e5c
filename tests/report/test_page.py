from html.parser import HTMLParser

from synfine_monai.report.page import write_page


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
    page = Reader(write_page(tmp_path, metrics, {"tune": "auto", "rock": "<sandstone>"}).read_text(encoding="utf-8"))
    assert page.open == []
    assert page.sources == ["figures/methods.png", "figures/slice%201.png"]
    for words in ("surgical fine-tuning", "0.950", "<sandstone>", "concrete <1>: segmentation report"):
        assert words in page.words


def test_pictures_may_be_chosen_and_lie_elsewhere(metrics, tmp_path):
    page = Reader(write_page(tmp_path, metrics, figures=[tmp_path / "b.png", tmp_path / "a.png"]).read_text("utf-8"))
    assert page.sources == ["b.png", "a.png"]
