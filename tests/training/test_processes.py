import pytest
import torch
from torch import distributed

from synfine_monai.errors import ScanError
from synfine_monai.networks import RockUNet
from synfine_monai.surgery import apply_plan, plan_groups, tuning_plan
from synfine_monai.training import own_device, share_network

CPU = torch.device("cpu")


@pytest.fixture
def _alone():
    """A process group of one."""
    distributed.init_process_group("gloo", store=distributed.HashStore(), rank=0, world_size=1)
    yield
    distributed.destroy_process_group()


def tuned(tune: str):
    network = RockUNet(channels=(2, 4, 8))
    plan = tuning_plan(tune, network)
    return network, plan, torch.optim.Adam(plan_groups(network, plan, 1e-3))


def with_gradients(network, shared) -> set[str]:
    network.zero_grad(set_to_none=True)
    shared(torch.rand(2, 1, 16, 16)).sum().backward()
    return {name for name, parameter in network.named_parameters() if parameter.grad is not None}


@pytest.mark.usefixtures("_alone")
def test_a_later_stage_is_shared_although_it_is_frozen_now():
    network, plan, optimizer = tuned("lp_ft")
    shared = share_network(network, optimizer, CPU)
    assert with_gradients(network, shared) == {"head.weight", "head.bias"}
    apply_plan(network, plan, 1.0, stage=1)
    assert with_gradients(network, shared) == {name for name, _ in network.named_parameters()}


@pytest.mark.usefixtures("_alone")
def test_what_never_trains_stays_frozen():
    network, plan, optimizer = tuned("high")
    shared = share_network(network, optimizer, CPU)
    assert with_gradients(network, shared) == set(plan.stages[0].multipliers)


@pytest.mark.usefixtures("_alone")
def test_the_network_itself_keeps_its_names():
    network, _, optimizer = tuned("all")
    names = list(network.state_dict())
    assert share_network(network, optimizer, CPU).module is network
    assert list(network.state_dict()) == names


@pytest.mark.usefixtures("_alone")
def test_nothing_to_train_is_nothing_to_share():
    network, _, optimizer = tuned("none")
    with pytest.raises(ScanError, match="tune 'none' trains nothing"):
        share_network(network, optimizer, CPU)


def test_without_torchrun_it_says_how_to_start(monkeypatch):
    monkeypatch.delenv("LOCAL_RANK", raising=False)
    with pytest.raises(ScanError, match="torchrun --nproc_per_node 2"):
        own_device()


def test_each_process_needs_a_gpu_of_its_own(monkeypatch):
    monkeypatch.setenv("LOCAL_RANK", "2")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert own_device() == CPU
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    with pytest.raises(ScanError, match=r"process 3 .* has no GPU for itself: --nproc_per_node 2 at most"):
        own_device()
    monkeypatch.setenv("LOCAL_RANK", "1")
    assert own_device() == torch.device("cuda", 1)
