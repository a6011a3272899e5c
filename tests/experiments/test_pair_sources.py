import json

import pytest
from PIL import Image

from synfine_monai.experiments import PairSources


class Recorder:
    """A cache that notes what would be run."""

    def __init__(self, folder):
        self.folder, self.asked = folder, []

    def run(self, verb, options):
        self.asked.append((verb, dict(options)))
        return self.folder / verb


@pytest.fixture
def sources(tmp_path):
    (tmp_path / "core").mkdir()
    labels = {"labels": {"0": "solid", "1": "pore"}, "phases": {"0": "matrix", "1": "pore"}, "pore_labels": [1]}
    content = {"name": "core", "voxel_size_um": 5.0, "rock": "concrete", **labels}
    (tmp_path / "core" / "core.tif").touch()
    content["training"] = [{"image": "core.tif", "specimen": "A"}]
    (tmp_path / "core" / "dataset.json").write_text(json.dumps(content))
    chains = {
        "procedural": {},
        "fitted": {"fit": {"evaluations": 5}},
        "matched": {"match": {}},
        "inverted": {"invert": {"steps": 9}, "generate": {"pairs": 7}},
    }
    return PairSources(tmp_path, chains, Recorder(tmp_path / "cache"))


def test_each_source_says_how_its_pairs_are_used(sources):
    folder = sources.cache.folder
    assert sources.options("procedural", "core") == {}
    assert sources.options("fitted", "core") == {"rock": str(folder / "fit" / "rock.yaml")}
    assert sources.options("matched", "core") == {"pairs_from": str(folder / "match")}
    assert sources.options("inverted", "core") == {"pairs_from": str(folder / "generate")}


def test_a_chain_hands_on_the_style_and_knows_scan_and_rock(sources, tmp_path):
    sources.options("inverted", "core")
    datalist = str(tmp_path / "core" / "dataset.json")
    assert sources.cache.asked == [
        ("invert", {"datalist": datalist, "steps": 9}),
        ("generate", {"rock": "concrete", "style": str(tmp_path / "cache" / "invert"), "pairs": 7}),
    ]


def test_make_does_every_source_of_every_task_once(sources):
    sources.make(["core", "core"])
    assert [verb for verb, _ in sources.cache.asked] == ["fit", "match", "invert", "generate"]


def test_galleries_of_a_style_are_kept_small(sources, tmp_path):
    (tmp_path / "cache" / "invert").mkdir(parents=True)
    Image.new("RGBA", (40, 20), "gray").save(tmp_path / "cache" / "invert" / "gallery.png")
    sources.keep_galleries("inverted", ["core"], tmp_path)
    with Image.open(tmp_path / "gallery_core.jpg") as kept:
        assert (kept.size, kept.mode) == ((40, 20), "RGB")
