import numpy as np
import pytest
import torch
from PIL import Image

from synfine_monai.data import synthetic_task, write_pairs
from synfine_monai.experiments import JointSamples, RunsFile, StartingNetworks, sample_table
from synfine_monai.networks import RockUNet, describe_model, load_network, save_model


class DrawnBefore:
    """A cache in which pairs lie that the segmenter labelled itself."""

    def __init__(self, folder, segmenter):
        self.folder, self.configs, self.asked = folder, folder / "bundle" / "configs", []
        images = torch.from_numpy(np.random.default_rng(0).standard_normal((8, 1, 64, 64))).half()
        with torch.no_grad():
            labels = load_network(segmenter)(images.float()).argmax(1, keepdim=True)
        write_pairs(folder / "generate", {"image": images, "label": labels}, "zscore", "drawn")
        Image.new("RGB", (40, 20)).save(folder / "generate" / "gallery.png")

    def run(self, verb, options):
        self.asked.append((verb, dict(options)))
        return self.folder / verb


@pytest.fixture
def samples(tmp_path):
    torch.manual_seed(0)
    network = RockUNet(1, 5, (4, 8, 16))
    save_model(network, describe_model(synthetic_task(), network, "zscore"), tmp_path / "model.pt")
    starts = StartingNetworks({"hybrid": {"pretext": "hybrid"}}, DrawnBefore(tmp_path, tmp_path / "model.pt"))
    record = RunsFile(tmp_path / "samples.csv", ["seed"])
    return JointSamples(starts, "hybrid", record, tmp_path / "model.pt", {"pairs": 8})


def test_masks_that_the_segmenter_agrees_with_score_one(samples, tmp_path):
    samples.measure([3], tmp_path)
    (row,) = samples.record.rows
    assert (row["seed"], row["pairs"], row["mean_dice"]) == ("3", "8", "1")
    assert sum(float(value) for name, value in row.items() if name.startswith("share_")) == pytest.approx(1, abs=1e-4)
    with Image.open(tmp_path / "samples.jpg") as kept:
        assert kept.size == (40, 20)


def test_pairs_are_drawn_by_the_network_of_the_seed_and_once(samples, tmp_path):
    samples.measure([3], tmp_path)
    drawn = ("generate", {"checkpoint": str(tmp_path / "train"), "seed": 3, "device": "cpu", "pairs": 8})
    assert samples.starts.cache.asked == [("train", {"pretext": "hybrid", "seed": 3, "device": "cpu"}), drawn]
    samples.measure([3], tmp_path)
    assert len(samples.starts.cache.asked) == 2


def test_the_table_has_a_line_a_seed(samples, tmp_path):
    samples.measure([0, 1], tmp_path)
    (table,) = sample_table(samples.record.rows).values()
    assert table.count("| 1.000 |") == 2
