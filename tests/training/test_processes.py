import pytest
import torch
from torch import distributed

from synfine_monai.data import PatchBatches
from synfine_monai.errors import ScanError
from synfine_monai.losses import MaskedDiceCELoss
from synfine_monai.networks import RockUNet
from synfine_monai.surgery import apply_plan, plan_groups, tuning_plan
from synfine_monai.training import BatchShare, WholeBatchLoss, own_device, processes, share_network

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


PATCHES = {"image": torch.arange(18.0).view(18, 1, 1, 1), "label": torch.arange(18).view(18, 1, 1, 1)}
BATCHES = PatchBatches(PATCHES, batch_size=6, steps_per_epoch=3)


@pytest.mark.parametrize("world_size", [1, 2, 3])
def test_all_shares_together_are_the_batch(world_size):
    shares = [BatchShare(BATCHES, rank, world_size) for rank in range(world_size)]
    assert [len(share) for share in shares] == [3] * world_size
    for index, batch in enumerate(BATCHES):
        for key, values in batch.items():
            assert torch.equal(torch.cat([share[index][key] for share in shares]), values)


def test_a_batch_that_cannot_be_shared_evenly_is_refused_before_any_is_made():
    unmade = PatchBatches(lambda: pytest.fail("patches were made"), batch_size=6, steps_per_epoch=3)
    with pytest.raises(ScanError, match="6 cannot be shared by 4 processes: use a multiple of 4"):
        BatchShare(unmade, 0, 4)


@pytest.fixture
def batch() -> tuple[torch.Tensor, torch.Tensor]:
    """Logits and labels of four patches; most of the second half carries no label."""
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(4, 3, 8, 8, generator=generator)
    labels = torch.randint(0, 3, (4, 1, 8, 8), generator=generator)
    labels[2:, :, 1:] = 255
    return logits, labels


@pytest.fixture
def _second_half_elsewhere(batch, monkeypatch):
    logits, labels = batch
    others = {torch.float32: logits[2:], torch.int64: labels[2:]}
    monkeypatch.setattr(processes, "gather_shares", lambda own: torch.cat([own, others[own.dtype]]))


@pytest.mark.usefixtures("_second_half_elsewhere")
def test_it_is_the_loss_of_the_whole_batch_and_not_the_mean_of_the_shares(batch):
    loss, (logits, labels) = MaskedDiceCELoss(), batch
    whole = loss(logits, labels)
    mean = (loss(logits[:2], labels[:2]) + loss(logits[2:], labels[2:])) / 2
    assert WholeBatchLoss(loss)(logits[:2], labels[:2]) == whole
    assert abs(mean - whole) > 0.01


@pytest.mark.usefixtures("_second_half_elsewhere")
def test_every_entry_of_a_mapping_is_gathered(batch):
    logits, labels = batch
    sizes = WholeBatchLoss(lambda answer, target: [len(answer), *(len(target[name]) for name in ("a", "b"))])
    assert sizes(logits[:2], {"b": labels[:2], "a": logits[:2]}) == [4, 4, 4]


def test_alone_it_is_the_loss(batch):
    logits, labels = batch
    assert WholeBatchLoss(MaskedDiceCELoss())(logits, labels) == MaskedDiceCELoss()(logits, labels)
