import csv
import json

import pytest
import torch

from synfine_monai.errors import ScanError
from synfine_monai.networks import SEQUENTIAL, TRANSVERSAL
from synfine_monai.surgery import (
    block_sensitivity,
    measure_sensitivity,
    relative_gradient_norm,
    save_sensitivity,
    select_group,
    signal_to_noise,
)


@pytest.fixture
def sensitivity(network, batches, loss_function) -> dict:
    return measure_sensitivity(network, loss_function, batches)


def test_holds_the_three_views_of_one_measurement(network, batches, loss_function, sensitivity):
    assert sensitivity["parameters"] == relative_gradient_norm(network, loss_function, batches)
    assert sensitivity["sequential"] == block_sensitivity(network, loss_function, batches, SEQUENTIAL)
    assert sensitivity["transversal"] == block_sensitivity(network, loss_function, batches, TRANSVERSAL)
    assert sensitivity["batches"] == 2
    assert all(group["min"] <= group["mean"] <= group["max"] for group in sensitivity["sequential"].values())


def test_selects_the_highest_with_the_head_apart(sensitivity):
    assert sensitivity["selected_block"] == select_group(sensitivity["sequential"])
    assert sensitivity["selected_level"] == select_group(sensitivity["transversal"])
    groups = {"down_0": {"mean": 1.0}, "up_1": {"mean": 3.0}, "head": {"mean": 9.0}}
    assert select_group(groups) == "up_1"


def test_signal_to_noise_joins_on_demand(network, batches, loss_function, sensitivity):
    assert "signal_to_noise" not in sensitivity
    both = measure_sensitivity(network, loss_function, batches, with_signal_to_noise=True)
    assert both["signal_to_noise"] == signal_to_noise(network, loss_function, batches)


def test_refuses_patches_without_labels(network, batches, loss_function):
    blank = [(image, torch.full_like(target, 255)) for image, target in batches]
    with pytest.raises(ScanError, match="all 2 probed batches have zero gradients"):
        measure_sensitivity(network, loss_function, blank)


def test_files_give_back_what_was_measured(sensitivity, tmp_path):
    as_json, as_csv = save_sensitivity(sensitivity, tmp_path / "new" / "results")
    assert json.loads(as_json.read_text()) == sensitivity
    with as_csv.open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    level = next(row for row in rows if (row["view"], row["name"]) == ("transversal", "mid"))
    assert {key: float(level[key]) for key in ("mean", "min", "max")} == sensitivity["transversal"]["mid"]
    tensors = {row["name"]: float(row["mean"]) for row in rows if row["view"] == "parameter"}
    assert tensors == sensitivity["parameters"]
    assert sorted(path.name for path in as_json.parent.iterdir()) == ["sensitivity.csv", "sensitivity.json"]


def test_names_the_folder_that_cannot_be_written(sensitivity, tmp_path):
    (tmp_path / "taken").write_text("a file")
    with pytest.raises(ScanError, match="taken cannot be made a folder"):
        save_sensitivity(sensitivity, tmp_path / "taken")
