import json

import numpy as np
import pytest
import tifffile
import torch

from synfine_monai.conventions import PHASES
from synfine_monai.data import synthetic_task, write_pairs
from synfine_monai.experiments import PairDistances, PairSources, RunsFile, distance_table
from synfine_monai.networks import RockUNet, describe_model, save_model


class MadeElsewhere:
    """A cache in which every stage is done already."""

    def __init__(self, folder):
        self.folder = folder

    def run(self, verb, options):
        return self.folder / verb


@pytest.fixture(scope="module")
def measured(tmp_path_factory):
    """A core whose pores are dark, pairs cut from one like it, and pairs of another look; a threshold as segmenter."""
    tmp_path, rng = tmp_path_factory.mktemp("pairs"), np.random.default_rng(0)
    (tmp_path / "core").mkdir()
    items = []
    for n in range(2):
        blocks = np.kron(rng.random((20, 20)) < 0.3, np.ones((8, 8)))
        tifffile.imwrite(
            tmp_path / "core" / f"{n}.tif", (200 - 120 * blocks + rng.integers(0, 9, (160, 160))).astype(np.uint8)
        )
        items.append({"image": f"{n}.tif", "specimen": "A"})
    labels = {"labels": {"0": "solid", "1": "pore"}, "phases": {"0": "matrix", "1": "pore"}, "pore_labels": [1]}
    content = {"name": "core", "voxel_size_um": None, "rock": "sandstone", **labels, "training": items}
    (tmp_path / "core" / "dataset.json").write_text(json.dumps(content))
    masks = torch.from_numpy(np.kron(rng.random((64, 1, 8, 8)) < 0.3, np.ones((8, 8)))).to(torch.uint8)
    alike = 0.65 - 2.2 * masks.float() + 0.05 * torch.randn(masks.shape, generator=torch.Generator().manual_seed(0))
    write_pairs(tmp_path / "cache" / "generate", {"image": alike, "label": masks * PHASES.index("pore")}, "zscore", "x")
    write_pairs(tmp_path / "cache" / "match", {"image": -alike, "label": masks * PHASES.index("pore")}, "zscore", "x")
    (tmp_path / "cache" / "invert").mkdir()
    losses = {"inverted": 0.3, "best_known": 0.4, "any_style": 0.5, "untrained": 0.6}
    (tmp_path / "cache" / "invert" / "style.json").write_text(json.dumps({"held_out_loss": losses}))
    torch.manual_seed(0)
    network = RockUNet(1, 2)
    save_model(network, describe_model(synthetic_task("sandstone"), network, "zscore"), tmp_path / "net" / "model.pt")
    chains = {"alike": {"invert": {}, "generate": {}}, "other": {"match": {}}}
    sources = PairSources(tmp_path, chains, MadeElsewhere(tmp_path / "cache"))
    record = RunsFile(tmp_path / "distances.csv", ("task", "source"))
    distances = PairDistances(sources, record, tmp_path / "net" / "model.pt", {"core": {}}, 64)
    distances.measure(["core"], lambda task: tmp_path / "net" / "model.pt")
    return distances


def test_pairs_that_look_alike_are_nearer(measured):
    alike, other = measured.record.rows
    assert float(alike["histogram"]) < 0.2 < float(other["histogram"])
    assert float(alike["correlation"]) < float(other["correlation"])
    assert alike["loss_inverted"] == "0.3"
    assert other["loss_inverted"] == ""


def test_rows_that_are_there_are_not_made_again(measured):
    def no_segmenter(task):
        raise AssertionError("asked for a segmenter")

    measured.measure(["core"], no_segmenter)
    assert len(measured.record.rows) == 2


def test_tables_follow_the_order_of_the_words(measured):
    tables = distance_table(measured.record.rows, {"other": "another look", "alike": "the same look"})
    text = tables["Distance to real patches"]
    assert text.index("another look") < text.index("the same look")
    assert "| core | the same look | 0.300 | 0.400 | 0.500 | 0.600 |" in tables["Denoising loss on held-out patches"]
