import pytest
import torch

from synfine_monai.data import synthetic_task
from synfine_monai.networks import RockUNet, describe_model, save_model
from synfine_monai.surgery import continue_network, start, start_network

FIVE = tuple((phase,) for phase in ("matrix", "pore", "water", "clay", "dense"))
DATA = {"image": torch.zeros(2, 1, 8, 8), "label": torch.zeros(2, 1, 8, 8, dtype=torch.uint8)}


def small(num_classes):
    return RockUNet(num_classes=num_classes, channels=(4, 8, 16))


@pytest.fixture
def checkpoint(tmp_path):
    """A network of all five phases."""
    torch.manual_seed(0)
    network = small(5)
    save_model(network, describe_model(synthetic_task(), network, "zscore"), tmp_path / "model.pt")
    return tmp_path / "model.pt"


def head_of(checkpoint):
    return torch.load(checkpoint)["head.weight"]


def batch_norms(network):
    return [module for module in network.train().modules() if isinstance(module, torch.nn.BatchNorm2d)]


def test_pre_training_goes_on_from_a_checkpoint_with_batch_norm_in_training(checkpoint):
    network = continue_network(small(2), checkpoint, (("clay",), ("pore",)))
    assert torch.equal(network.head.weight, head_of(checkpoint)[[3, 1]])
    assert torch.equal(network.down_0.conv_0.conv.weight, torch.load(checkpoint)["down_0.conv_0.conv.weight"])
    assert all(module.training for module in batch_norms(network))


def test_pre_training_probes_no_head(checkpoint):
    network = continue_network(small(2), checkpoint, (("matrix",), ("organic",)))
    torch.testing.assert_close(network.head.weight[1], head_of(checkpoint).mean(0))


@pytest.mark.parametrize("begin", [continue_network, lambda *a: start_network(*a, DATA, None, part="head")])
def test_from_scratch_the_network_is_left_alone(begin):
    network = small(2)
    before = network.head.weight.detach().clone()
    assert begin(network, None, FIVE[:2]) is network
    assert torch.equal(network.head.weight, before)
    assert all(module.training for module in batch_norms(network))


def test_fine_tuning_freezes_batch_norm_and_probes_what_no_row_tells_apart(checkpoint, monkeypatch):
    probed = []
    monkeypatch.setattr(start, "linear_probe", lambda *_, **__: probed.append(1))
    network = start_network(small(2), checkpoint, FIVE[:2], DATA, None)
    assert not any(module.training for module in batch_norms(network))
    assert probed == []
    start_network(small(2), checkpoint, (("matrix",), ("organic",)), DATA, None)
    assert probed == [1]


@pytest.mark.parametrize("part", ["head", "last_block"])
def test_a_head_that_starts_anew_needs_no_probe(part, checkpoint):
    network = start_network(small(2), checkpoint, (("matrix",), ("organic",)), DATA, None, seed=4, part=part)
    again = start_network(small(2), checkpoint, (("matrix",), ("organic",)), DATA, None, seed=4, part=part)
    assert torch.equal(network.head.weight, again.head.weight)
    assert (network.head.weight - head_of(checkpoint).mean(0)).abs().max() > 0.01
    assert not any(module.training for module in batch_norms(network))
