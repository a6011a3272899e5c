from copy import deepcopy

import pytest
import torch
from monai.networks.nets import DiffusionModelUNet
from monai.networks.utils import normal_init
from torch import nn
from wide_awake import wide_awake

from synfine_monai.networks import SEQUENTIAL, TRANSVERSAL, RockDenoiser, RockUNet, diffusion_denoiser, parameters_of
from synfine_monai.networks.diffusion_denoiser import DiffusionDenoiser, DiffusionSegmenter
from synfine_monai.networks.rock_denoiser import NoiseLevelShift

SMALL = {"num_classes": 3, "channels": (8, 16, 24), "norm_num_groups": 4}


@pytest.fixture
def network():
    return new(0).eval()


def new(seed):
    torch.manual_seed(seed)
    return wide_awake(DiffusionDenoiser(**SMALL))


def image(count=2, height=16, width=24):
    return torch.randn(count, 1, height, width, generator=torch.Generator().manual_seed(count))


def count(network):
    return sum(parameter.numel() for parameter in network.parameters())


def test_sizes():
    assert count(DiffusionDenoiser(2)) == 880_771
    assert count(DiffusionSegmenter(2)) == 787_506


def test_the_same_seed_gives_the_same_network():
    first, again, other = (new(seed).state_dict() for seed in (1, 1, 2))
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert not torch.equal(first["head.weight"], other["head.weight"])


def test_it_is_monais_network_without_attention(monkeypatch):
    made = []

    def kept(**sizes):
        whole = wide_awake(DiffusionModelUNet(**sizes))
        made.append(deepcopy(whole))
        return whole

    monkeypatch.setattr(diffusion_denoiser, "DiffusionModelUNet", kept)
    ours, (monais,) = DiffusionDenoiser(**SMALL).eval(), made
    monais.middle_block.attention = nn.Identity()
    levels = torch.tensor([3, 700])
    with torch.no_grad():
        assert torch.allclose(ours(image(), levels)[:, :1], monais.eval()(image(), levels), atol=1e-6)


def test_every_parameter_of_the_denoiser_learns(network):
    network(image(), torch.tensor([5, 500])).square().sum().backward()
    assert not [name for name, parameter in network.named_parameters() if not parameter.grad.any()]


@pytest.mark.parametrize("blocks", [SEQUENTIAL, {**TRANSVERSAL, "head": ("head",)}])
def test_the_blocks_of_the_surgery_room_are_the_whole_segmenter(network, blocks):
    plain = network.at_level(0)
    found = [name for modules in blocks.values() for name in parameters_of(plain, modules)]
    assert sorted(found) == sorted(name for name, _ in plain.named_parameters())


@pytest.mark.parametrize(("height", "width"), [(16, 24), (13, 22)])
def test_the_segmenter_takes_any_size(network, height, width):
    plain, odd = network.at_level(0), image(1, height, width)
    padded = nn.functional.pad(odd, [0, -width % 4, 0, -height % 4], mode="replicate")
    with torch.no_grad():
        assert plain(odd).shape == (1, 3, height, width)
        assert torch.equal(plain(odd), plain(padded)[..., :height, :width])


@pytest.mark.filterwarnings("ignore::torch.jit.TracerWarning", "ignore:`torch.jit:DeprecationWarning")
def test_a_trace_takes_any_size_as_well(network):
    plain = network.at_level(0)
    traced = torch.jit.trace(plain, image(1, 16, 16), check_trace=False)
    with torch.no_grad():
        for given in (image(2, 24, 40), image(1, 13, 22)):
            assert torch.allclose(traced(given), plain(given), atol=1e-5)


@pytest.mark.parametrize("wrong", [{"num_classes": 0}, {"channels": (8, 16)}, {"channels": (8, 16, 25)}])
def test_refuses_impossible_sizes(wrong):
    with pytest.raises(ValueError, match=r"at least one class|same size|multiple of"):
        DiffusionSegmenter(**{**SMALL, **wrong})


def test_it_has_5665_parameters_more_than_the_plain_network():
    assert count(RockDenoiser(2)) == count(RockUNet(1, 2)) + 5_632 + 33 == 472_931


def test_the_shift_is_zero_at_level_zero_and_at_the_start():
    untrained, trained = NoiseLevelShift([4, 8]), NoiseLevelShift([4, 8])
    trained.apply(lambda module: normal_init(module, std=1.0))
    levels = torch.tensor([0, 1, 500])
    assert [part.shape for part in trained(levels)] == [(3, 4), (3, 8)]
    assert not torch.cat(untrained(levels), dim=1).any()
    shifts = torch.cat(trained(levels), dim=1)
    assert not shifts[0].any()
    assert shifts[1:].all()


def test_clean_images_teach_the_noise_level_nothing():
    network = RockDenoiser(num_classes=3, channels=(4, 8, 16))
    network.level.apply(lambda module: normal_init(module, std=0.3))
    network(torch.randn(2, 1, 16, 24), torch.zeros(2)).square().sum().backward()
    assert not any(parameter.grad.any() for parameter in network.level.parameters())
    assert network.image_head.weight.grad.any()
