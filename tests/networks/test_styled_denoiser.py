import pytest
import torch
from wide_awake import wide_awake

from synfine_monai.networks import NO_MASK, StyledDenoiser, build_network


@pytest.fixture
def network():
    torch.manual_seed(0)
    network = StyledDenoiser(styles=3, channels=(16, 32)).eval()
    return wide_awake(network)


@pytest.fixture
def batch():
    generator = torch.Generator().manual_seed(0)
    noisy = torch.randn(2, 1, 32, 32, generator=generator)
    mask = torch.randint(5, (2, 1, 32, 32), generator=generator).to(torch.uint8)
    return noisy, torch.tensor([10, 900]), mask


def test_shape_is_kept_and_conditions_count(network, batch):
    noisy, levels, mask = batch
    with torch.no_grad():
        told = network(noisy, levels, mask, torch.tensor([0, 1]))
        other_mask = network(noisy, levels, 4 - mask, torch.tensor([0, 1]))
        other_style = network(noisy, levels, mask, torch.tensor([2, 2]))
    assert told.shape == noisy.shape
    assert not torch.allclose(told, other_mask)
    assert not torch.allclose(told, other_style)


def test_left_out_conditions_are_no_mask_and_any_style(network, batch):
    noisy, levels, _ = batch
    with torch.no_grad():
        left_out = network(noisy, levels)
        named = network(noisy, levels, torch.full_like(noisy, NO_MASK, dtype=torch.uint8), torch.tensor([3, 3]))
    assert torch.equal(left_out, named)


def test_a_vector_does_what_its_row_does(network, batch):
    noisy, levels, mask = batch
    rows = network.class_embedding.weight[[1, 2]]
    with torch.no_grad():
        assert torch.equal(network(noisy, levels, mask, rows), network(noisy, levels, mask, torch.tensor([1, 2])))
    assert rows.shape[1] == network.style_size


def test_model_json_builds_the_same_network(network):
    again = build_network(network.architecture)
    again.load_state_dict(network.state_dict())
    assert again.architecture == network.architecture
