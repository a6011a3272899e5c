import pytest
import torch
from monai.networks.utils import normal_init

from synfine_monai.networks.model_file import architecture_of, build_network
from synfine_monai.networks.rock_denoiser import NoiseLevelShift, RockDenoiser
from synfine_monai.networks.rock_unet import RockUNet


@pytest.fixture
def network():
    torch.manual_seed(0)
    network = RockDenoiser(num_classes=3, channels=(4, 8, 16))
    network.level.apply(lambda module: normal_init(module, std=0.3))
    with torch.no_grad():
        network(image(8), torch.arange(8) * 120)  # batch norm has seen something
    return network.eval()


def image(count=2):
    return torch.randn(count, 1, 16, 24, generator=torch.Generator().manual_seed(count))


def count(network):
    return sum(parameter.numel() for parameter in network.parameters())


def test_it_has_5665_parameters_more_than_the_plain_network():
    assert count(RockDenoiser(2)) == count(RockUNet(1, 2)) + 5_632 + 33 == 472_931


def test_image_first_then_a_logit_a_class(network):
    assert network(image(), torch.tensor([0, 999])).shape == (2, 4, 16, 24)


@pytest.mark.parametrize("level", [0, 1, 50, 999])
def test_at_one_level_it_is_a_plain_unet(network, level):
    plain = network.at_level(level)
    assert type(plain) is RockUNet
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


def test_the_shift_is_zero_at_level_zero_and_at_the_start():
    untrained, trained = NoiseLevelShift([4, 8]), NoiseLevelShift([4, 8])
    trained.apply(lambda module: normal_init(module, std=1.0))
    levels = torch.tensor([0, 1, 500])
    assert [part.shape for part in trained(levels)] == [(3, 4), (3, 8)]
    assert not torch.cat(untrained(levels), dim=1).any()
    shifts = torch.cat(trained(levels), dim=1)
    assert not shifts[0].any()
    assert shifts[1:].all()


def test_clean_images_teach_the_noise_level_nothing(network):
    network.train()(image(), torch.zeros(2)).square().sum().backward()
    assert not any(parameter.grad.any() for parameter in network.level.parameters())
    assert network.image_head.weight.grad.any()


def test_model_json_builds_the_same_network(network):
    again = build_network(architecture_of(network))
    again.load_state_dict(network.state_dict())
    assert again.architecture == network.architecture
