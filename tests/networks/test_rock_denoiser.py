import torch
from monai.networks.utils import normal_init

from synfine_monai.networks import RockDenoiser, RockUNet
from synfine_monai.networks.rock_denoiser import NoiseLevelShift


def count(network):
    return sum(parameter.numel() for parameter in network.parameters())


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
