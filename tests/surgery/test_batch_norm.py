import copy
import pickle

import pytest
import torch
from monai.engines import SupervisedTrainer
from torch import nn

from synfine_monai.surgery import batch_norm_parameters, freeze_batch_norm, norm_parameters, unfreeze_batch_norm


def statistics(network: nn.Module) -> dict[str, torch.Tensor]:
    return {name: value.clone() for name, value in network.named_buffers()}


def unchanged(network: nn.Module, before: dict[str, torch.Tensor]) -> bool:
    return all(torch.equal(value, before[name]) for name, value in network.named_buffers())


def test_finds_all_ten_by_type(network):
    frozen = freeze_batch_norm(network)
    assert len(frozen) == 10
    assert all(isinstance(network.get_submodule(name), nn.BatchNorm2d) for name in frozen)


def test_survives_the_trainers_call_within_each_iteration(network, batches, loss_function):
    freeze_batch_norm(network)
    before = statistics(network)
    shift = network.down_0.conv_0.adn.N.bias
    shift_before = shift.detach().clone()
    trainer = SupervisedTrainer(
        device=torch.device("cpu"),
        max_epochs=2,
        train_data_loader=[{"image": image, "label": target} for image, target in batches],
        network=network,
        optimizer=torch.optim.Adam(network.parameters(), lr=1e-2),
        loss_function=loss_function,
    )
    trainer.run()
    assert unchanged(network, before)
    assert not torch.equal(shift, shift_before), "scale and shift train all the same"
    assert network.training


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda network: pickle.loads(pickle.dumps(network))])
def test_copies_are_frozen_on_their_own(network, batches, copied):
    freeze_batch_norm(network)
    twin = copied(network)
    unfreeze_batch_norm(network)
    before = statistics(twin)
    for each in (network, twin):
        each.train()(batches[0][0])
    assert unchanged(twin, before)
    assert not unchanged(network, before)


def test_can_be_undone(network, batches):
    freeze_batch_norm(network)
    freeze_batch_norm(network)
    unfreeze_batch_norm(network)
    before = statistics(network)
    network.train()(batches[0][0])
    assert not unchanged(network, before)


def test_state_dict_and_evaluation_stay_the_same(network, batches):
    image = batches[0][0]
    names, expected = list(network.state_dict()), network.eval()(image)
    freeze_batch_norm(network)
    assert list(network.state_dict()) == names
    torch.testing.assert_close(network.eval()(image), expected)
    torch.testing.assert_close(network.train()(image), expected)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_can_still_be_scripted(network, batches):
    freeze_batch_norm(network)
    torch.testing.assert_close(torch.jit.script(network.eval())(batches[0][0]), network(batches[0][0]))


def test_norm_layers_are_told_by_type():
    network = nn.ModuleDict(
        {"a": nn.BatchNorm1d(2), "bn": nn.Linear(2, 2), "b": nn.GroupNorm(1, 2), "c": nn.LayerNorm(2)}
    )
    assert list(batch_norm_parameters(network)) == ["a.weight", "a.bias"]
    assert list(norm_parameters(network)) == ["a.weight", "a.bias", "b.weight", "b.bias", "c.weight", "c.bias"]
