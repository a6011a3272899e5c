import pytest
import torch
from monai.networks.utils import normal_init
from wide_awake import wide_awake

from synfine_monai.networks import RockDenoiser, RockUNet, architecture_of, build_network
from synfine_monai.networks.diffusion_denoiser import DiffusionDenoiser, DiffusionSegmenter


def rock():
    network = RockDenoiser(num_classes=3, channels=(4, 8, 16))
    network.level.apply(lambda module: normal_init(module, std=0.3))
    with torch.no_grad():
        network(image(8), torch.arange(8) * 120)  # batch norm has seen something
    return network


def diffusion():
    return wide_awake(DiffusionDenoiser(num_classes=3, channels=(8, 16, 24), norm_num_groups=4))


@pytest.fixture(params=[(rock, RockUNet), (diffusion, DiffusionSegmenter)], ids=["rock", "diffusion"])
def network_and_plain_type(request):
    make, plain = request.param
    torch.manual_seed(0)
    return make().eval(), plain


@pytest.fixture
def network(network_and_plain_type):
    return network_and_plain_type[0]


def image(count=2):
    return torch.randn(count, 1, 16, 24, generator=torch.Generator().manual_seed(count))


def test_image_first_then_a_logit_a_class(network):
    assert network(image(), torch.tensor([0, 999])).shape == (2, 4, 16, 24)


@pytest.mark.parametrize("level", [0, 1, 50, 999])
def test_at_one_level_it_is_a_plain_segmenter(network_and_plain_type, level):
    network, plain_type = network_and_plain_type
    plain = network.at_level(level)
    assert type(plain) is plain_type
    assert not plain.training
    with torch.no_grad():
        told = network(image(), torch.full((2,), level))
        assert torch.allclose(plain(image()), told[:, 1:], atol=1e-5)


def test_levels_differ_and_each_patch_has_its_own(network):
    with torch.no_grad():
        together = network(image(), torch.tensor([0, 700]))
        assert torch.allclose(together[:1], network(image()[:1], torch.tensor([0])), atol=1e-5)
        assert torch.allclose(together[1:], network(image()[1:], torch.tensor([700])), atol=1e-5)
        assert not torch.allclose(together[1:], network(image()[1:], torch.tensor([10])), atol=1e-3)


def test_the_plain_network_is_a_copy(network):
    before = network(image(), torch.tensor([30, 30]))
    for parameter in network.at_level(30).parameters():
        parameter.data.zero_()
    assert torch.equal(before, network(image(), torch.tensor([30, 30])))


@pytest.mark.parametrize("make", [lambda network: network, lambda network: network.at_level(20)])
def test_model_json_builds_the_same_network(network, make):
    made = make(network)
    again = build_network(architecture_of(made))
    again.load_state_dict(made.state_dict())
    assert architecture_of(again) == architecture_of(made)
