import copy

import pytest
import torch
from torch import distributed, nn

from synfine_monai.networks import RockUNet, gather_shares, share_batch_norm, whole_batch_norm
from synfine_monai.networks.whole_batch_norm import WholeBatchNorm2d
from synfine_monai.surgery import freeze_batch_norm


@pytest.fixture
def image() -> torch.Tensor:
    """A batch of four whose halves differ in mean and spread."""
    scale = torch.arange(1.0, 5).view(4, 1, 1, 1)
    noise = torch.randn(4, 3, 5, 6, generator=torch.Generator().manual_seed(0))
    return (scale * noise + 3 * scale + 10).requires_grad_()


@pytest.fixture
def norm() -> nn.BatchNorm2d:
    torch.manual_seed(0)
    norm = nn.BatchNorm2d(3, momentum=0.3)
    nn.init.uniform_(norm.weight, 0.5, 2)
    nn.init.uniform_(norm.bias, -1, 1)
    return norm


def shared(norm: nn.Module) -> nn.Module:
    return share_batch_norm(nn.Sequential(copy.deepcopy(norm)))[0]


def beside(monkeypatch: pytest.MonkeyPatch, other: torch.Tensor) -> None:
    """Let a second process hold the images ``other``."""
    variance, mean = torch.var_mean(other, dim=(0, 2, 3), correction=0)
    theirs = torch.stack([mean, variance])[None]
    monkeypatch.setattr(whole_batch_norm, "gather_shares", lambda own: torch.cat([own, theirs]))


def test_two_shares_are_normalised_as_the_whole_batch(norm, image, monkeypatch):
    weights = torch.linspace(0, 1, image.numel()).view_as(image)
    parts, norms = [], []
    for own, other in ((image[:2], image[2:]), (image[2:], image[:2])):
        beside(monkeypatch, other)
        norms.append(shared(norm))
        parts.append(norms[-1](own))
    found, expected = torch.cat(parts), norm(image)
    torch.testing.assert_close(found, expected, rtol=1e-5, atol=1e-5)
    gradients = [torch.autograd.grad((answer**2 * weights).sum(), image)[0] for answer in (found, expected)]
    torch.testing.assert_close(*gradients, rtol=1e-4, atol=1e-5)
    for each in norms:
        torch.testing.assert_close(each.running_mean, norm.running_mean)
        torch.testing.assert_close(each.running_var, norm.running_var)  # unbiased for all four images
        assert each.num_batches_tracked == 1


def test_one_process_alone_is_plain_batch_norm(norm, image):
    alone = shared(norm)
    torch.testing.assert_close(alone(image), norm(image), rtol=1e-5, atol=1e-5)
    torch.testing.assert_close(alone.running_var, norm.running_var)
    torch.testing.assert_close(alone.eval()(image), norm.eval()(image))


def test_bfloat16_keeps_its_type_and_the_statistics_theirs(norm, image):
    answer = shared(norm)(image.bfloat16())
    assert answer.dtype == torch.bfloat16
    torch.testing.assert_close(answer.float(), norm(image), rtol=0.05, atol=0.05)


def test_a_shared_network_keeps_its_tensors_and_their_names():
    network = RockUNet(channels=(2, 4, 8))
    before = network.state_dict(keep_vars=True)
    after = share_batch_norm(network).state_dict(keep_vars=True)
    assert list(after) == list(before)
    assert all(after[name] is before[name] for name in before)
    assert sum(isinstance(module, WholeBatchNorm2d) for module in network.modules()) == 10


def test_frozen_batch_norm_stays_frozen():
    network = RockUNet(channels=(2, 4, 8))
    freeze_batch_norm(network.down_1)
    share_batch_norm(network.train())
    assert {type(module) for module in network.down_1.modules() if "Norm" in type(module).__name__} == {nn.BatchNorm2d}
    assert isinstance(network.up_0.convs.conv_0.adn.N, WholeBatchNorm2d)
    assert not network.train().down_1.convs.conv_0.adn.N.training


@pytest.fixture
def alone():
    """A process group of one."""
    distributed.init_process_group("gloo", store=distributed.HashStore(), rank=0, world_size=1)
    yield
    distributed.destroy_process_group()


def test_without_a_process_group_the_share_is_the_whole():
    share = torch.rand(2, 3, requires_grad=True)
    assert gather_shares(share) is share


@pytest.mark.usefixtures("alone")
def test_one_process_holds_the_whole():
    share = torch.rand(2, 3, requires_grad=True)
    assert gather_shares(share) is share


@pytest.mark.usefixtures("alone")
def test_a_second_process_adds_its_share_and_its_gradient(monkeypatch):
    """A second process that holds the negative of the first one's share, and computes the same loss."""
    share = torch.tensor([[1.0], [2.0]], requires_grad=True)
    weights = torch.tensor([[1.0], [10.0], [100.0], [1000.0]])
    monkeypatch.setattr(distributed, "get_world_size", lambda: 2)
    monkeypatch.setattr(distributed, "all_gather", lambda into, own: [into[0].copy_(own), into[1].copy_(-own)])
    monkeypatch.setattr(distributed, "all_reduce", lambda total: total.mul_(2))
    whole = gather_shares(share)
    assert whole.flatten().tolist() == [1, 2, -1, -2]
    (whole * weights).sum().backward()
    assert share.grad.flatten().tolist() == [2, 20]  # twice the loss's: the average over two processes is once
