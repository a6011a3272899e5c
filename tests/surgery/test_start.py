import pytest
import torch

from synfine_monai.data import synthetic_task
from synfine_monai.errors import ScanError
from synfine_monai.networks import RockDenoiser, RockUNet, describe_model, save_model
from synfine_monai.surgery import check_trained, continue_network, start, start_denoiser, start_network

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


LEVELS = torch.tensor([300, 700])


def small_denoiser(seed):
    torch.manual_seed(seed)
    return RockDenoiser(2, channels=(4, 8, 16))


@pytest.fixture
def denoiser_file(tmp_path):
    save_model(small_denoiser(0), {}, tmp_path / "denoiser.pt")
    return tmp_path / "denoiser.pt"


def test_all_goes_on_from_the_weights(denoiser_file):
    started, trained = start_denoiser(small_denoiser(1), denoiser_file), small_denoiser(0)
    assert all(torch.equal(value, trained.state_dict()[name]) for name, value in started.state_dict().items())
    assert all(parameter.requires_grad for parameter in started.parameters())


def test_without_a_checkpoint_nothing_is_loaded():
    network = small_denoiser(1)
    assert start_denoiser(network, None) is network
    assert torch.equal(network.head.weight, small_denoiser(1).head.weight)


def test_a_decoder_starts_anew_and_learns_alone(denoiser_file):
    network = start_denoiser(small_denoiser(1), denoiser_file, "decoder").train()
    before = {name: value.clone() for name, value in network.state_dict().items()}
    optimizer = torch.optim.SGD([p for p in network.parameters() if p.requires_grad], 0.1)
    network(torch.randn(2, 1, 16, 16), LEVELS)[:, :1].square().mean().backward()
    optimizer.step()
    changed = {
        name.split(".")[0] for name, value in network.state_dict().items() if not torch.equal(value, before[name])
    }
    assert changed == {"up_0", "up_1", "image_head"}
    trained = small_denoiser(0).state_dict()
    assert torch.equal(before["down_1.convs.conv_0.conv.weight"], trained["down_1.convs.conv_0.conv.weight"])
    assert not torch.equal(before["up_0.convs.conv_0.conv.weight"], trained["up_0.convs.conv_0.conv.weight"])


def test_weights_of_another_width_are_refused(denoiser_file):
    with pytest.raises(ScanError, match=r"of another architecture .* 'down_0"):
        start_denoiser(RockDenoiser(2, channels=(8, 8, 16)), denoiser_file)


@pytest.mark.parametrize(
    ("trained", "denoiser_file", "words"),
    [
        ("encoder", "none", "--trained encoder is unknown: choose all or decoder"),
        ("decoder", None, "needs an encoder that was trained before"),
        ("decoder", "none", "needs an encoder that was trained before"),
    ],
)
def test_what_cannot_be_trained_is_refused(trained, denoiser_file, words):
    with pytest.raises(ScanError, match=words):
        check_trained(trained, denoiser_file)
