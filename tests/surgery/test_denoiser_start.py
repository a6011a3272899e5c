import pytest
import torch

from synfine_monai.errors import ScanError
from synfine_monai.networks import RockDenoiser, save_model
from synfine_monai.surgery import check_trained, start_denoiser

LEVELS = torch.tensor([300, 700])


def small(seed):
    torch.manual_seed(seed)
    return RockDenoiser(2, channels=(4, 8, 16))


@pytest.fixture
def checkpoint(tmp_path):
    save_model(small(0), {}, tmp_path / "denoiser.pt")
    return tmp_path / "denoiser.pt"


def test_all_goes_on_from_the_weights(checkpoint):
    started, trained = start_denoiser(small(1), checkpoint), small(0)
    assert all(torch.equal(value, trained.state_dict()[name]) for name, value in started.state_dict().items())
    assert all(parameter.requires_grad for parameter in started.parameters())


def test_without_a_checkpoint_nothing_is_loaded():
    network = small(1)
    assert start_denoiser(network, None) is network
    assert torch.equal(network.head.weight, small(1).head.weight)


def test_a_decoder_starts_anew_and_learns_alone(checkpoint):
    network = start_denoiser(small(1), checkpoint, "decoder").train()
    before = {name: value.clone() for name, value in network.state_dict().items()}
    optimizer = torch.optim.SGD([p for p in network.parameters() if p.requires_grad], 0.1)
    network(torch.randn(2, 1, 16, 16), LEVELS)[:, :1].square().mean().backward()
    optimizer.step()
    changed = {
        name.split(".")[0] for name, value in network.state_dict().items() if not torch.equal(value, before[name])
    }
    assert changed == {"up_0", "up_1", "image_head"}
    trained = small(0).state_dict()
    assert torch.equal(before["down_1.convs.conv_0.conv.weight"], trained["down_1.convs.conv_0.conv.weight"])
    assert not torch.equal(before["up_0.convs.conv_0.conv.weight"], trained["up_0.convs.conv_0.conv.weight"])


def test_weights_of_another_width_are_refused(checkpoint):
    with pytest.raises(ScanError, match=r"of another architecture .* 'down_0"):
        start_denoiser(RockDenoiser(2, channels=(8, 8, 16)), checkpoint)


@pytest.mark.parametrize(
    ("trained", "checkpoint", "words"),
    [("encoder", "none", "--trained encoder is unknown: choose all or decoder"),
     ("decoder", None, "needs an encoder that was trained before"),
     ("decoder", "none", "needs an encoder that was trained before")],
)  # fmt: skip
def test_what_cannot_be_trained_is_refused(trained, checkpoint, words):
    with pytest.raises(ScanError, match=words):
        check_trained(trained, checkpoint)
