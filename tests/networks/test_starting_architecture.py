import pytest
import torch

from synfine_monai.data import synthetic_task
from synfine_monai.errors import ScanError
from synfine_monai.networks import (
    RockDenoiser,
    RockUNet,
    check_architecture,
    describe_model,
    new_denoiser,
    read_model_info,
    save_model,
    starting_network,
)
from synfine_monai.networks.diffusion_denoiser import DiffusionDenoiser, DiffusionSegmenter
from synfine_monai.networks.starting_architecture import DENOISERS

IMAGE = torch.zeros(1, 1, 8, 8)


@pytest.fixture
def info_of(tmp_path):
    def saved(network):
        save_model(network, describe_model(synthetic_task(), network, "zscore"), tmp_path / "model.pt")
        return read_model_info(tmp_path / "model.pt")

    return saved


def test_scratch_is_the_plain_unet():
    network = starting_network({}, 3)
    assert type(network) is RockUNet
    assert network(IMAGE).shape == (1, 3, 8, 8)


@pytest.mark.parametrize("kind", [RockUNet, DiffusionSegmenter])
def test_a_checkpoint_gives_its_sizes_and_the_task_its_classes(kind, info_of):
    network = starting_network(info_of(kind(num_classes=5, channels=(8, 16, 24))), 3)
    assert type(network) is kind
    assert network.head.weight.shape == (3, 8, 1, 1)
    assert network(IMAGE).shape == (1, 3, 8, 8)


@pytest.mark.parametrize("kind", [RockDenoiser, DiffusionDenoiser])
def test_a_denoiser_is_no_segmenter(kind, info_of):
    with pytest.raises(ScanError, match=f"holds a {kind.__name__} and no segmenter: give the model.pt"):
        starting_network(info_of(kind(5)), 3)


@pytest.mark.parametrize("name", DENOISERS)
def test_denoisers_by_name(name):
    network = new_denoiser(name, 3)
    assert type(network) is DENOISERS[name]
    assert network(IMAGE, torch.zeros(1)).shape == (1, 4, 8, 8)


def test_an_unknown_name_is_refused():
    with pytest.raises(ScanError, match="architecture has no 'diffusion': did you mean 'diffusion_unet'"):
        check_architecture("diffusion")
