import pytest
import torch
from torch import distributed

from synfine_monai.networks import gather_shares


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
