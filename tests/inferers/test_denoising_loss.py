import pytest
import torch
from monai.networks.schedulers import DDIMScheduler

from synfine_monai.inferers import denoising_losses
from synfine_monai.networks import StyledDenoiser

SCHEDULE = DDIMScheduler(schedule="cosine", prediction_type="v_prediction", clip_sample=False)


def losses(seed=0, network=None):
    torch.manual_seed(0)
    network = network or StyledDenoiser(styles=2, channels=(16, 32)).eval()
    images = torch.randn(16, 1, 32, 32, generator=torch.Generator().manual_seed(1))
    masks = torch.full(images.shape, 255, dtype=torch.uint8)
    rows = network.class_embedding.weight.detach()
    return denoising_losses(network, SCHEDULE, images, masks, list(rows), repeats=2, seed=seed, precision="float32")


def test_a_network_that_says_zero_has_the_variance_of_the_velocity_as_its_loss():
    assert losses() == pytest.approx([1.0] * 3, abs=0.05)


def test_same_seed_same_noise():
    assert losses(3) == losses(3) != losses(4)


def test_styles_are_told_apart_once_the_network_heeds_them():
    network = StyledDenoiser(styles=2, channels=(16, 32)).eval()
    for parameter in network.parameters():
        parameter.data.normal_(std=0.1)  # MONAI starts the last convolution of every block at zero
    assert len(set(losses(network=network))) == 3
