import copy

import pytest
import torch

from synfine_monai.errors import ScanError
from synfine_monai.networks import RockUNet
from synfine_monai.surgery import adapt_head, check_reinitialise, freeze_batch_norm, reinitialise

FIVE = (("matrix",), ("pore",), ("water",), ("clay",), ("dense",))


@pytest.fixture
def source() -> dict[str, torch.Tensor]:
    torch.manual_seed(0)
    return RockUNet(num_classes=5).state_dict()


def test_rows_follow_their_phases_into_another_order(source):
    adapted, undecided = adapt_head(source, FIVE, (("pore",), ("clay",), ("matrix",)))
    assert torch.equal(adapted["head.weight"], source["head.weight"][[1, 3, 0]])
    assert torch.equal(adapted["head.bias"], source["head.bias"][[1, 3, 0]])
    assert undecided == []
    RockUNet(num_classes=3).load_state_dict(adapted)


def test_a_merged_class_gets_the_mean_of_its_rows(source):
    adapted, undecided = adapt_head(source, FIVE, (("matrix", "clay", "dense"), ("pore", "water")))
    torch.testing.assert_close(adapted["head.weight"][1], (source["head.weight"][1] + source["head.weight"][2]) / 2)
    torch.testing.assert_close(adapted["head.bias"][0], source["head.bias"][[0, 3, 4]].mean())
    assert undecided == []


def test_a_class_without_a_source_gets_the_mean_row_and_is_listed(source):
    adapted, undecided = adapt_head(source, FIVE, (("matrix",), ("pore",), ("organic",), ()))
    assert undecided == [2, 3]
    torch.testing.assert_close(adapted["head.weight"][2], source["head.weight"].mean(0))


def test_classes_that_share_one_row_are_listed():
    source = {"head.weight": torch.arange(4.0).reshape(2, 2), "head.bias": torch.tensor([1.0, 2.0])}
    _, undecided = adapt_head(source, (("matrix", "dense"), ("pore",)), (("matrix",), ("pore",), ("dense",)))
    assert undecided == [0, 2]


def test_all_else_stays_and_the_source_is_not_changed(source):
    before = source["head.weight"].clone()
    adapted, _ = adapt_head(source, FIVE, (("pore",), ("matrix",)))
    assert torch.equal(source["head.weight"], before)
    assert all(adapted[name] is value for name, value in source.items() if not name.startswith("head."))


def test_refuses_a_description_of_another_head(source):
    with pytest.raises(ScanError, match="'head' has 5 classes, but its description names phases for 2"):
        adapt_head(source, FIVE[:2], FIVE)
    with pytest.raises(ScanError, match="'tail' has 0 classes"):
        adapt_head(source, FIVE, FIVE, head="tail")
    with pytest.raises(ScanError, match="no classes"):
        adapt_head(source, FIVE, ())


def trained(network):
    """Weights and statistics that no initialisation gives."""
    with torch.no_grad():
        for value in network.state_dict().values():
            value.copy_(torch.full_like(value, 7))
    return network


def changed(network, part, seed=0):
    before = copy.deepcopy(network.state_dict())
    reinitialise(network, part, seed)
    return {name for name, value in network.state_dict().items() if not torch.equal(value, before[name])}


@pytest.mark.parametrize(("part", "modules"), [("none", set()), ("head", {"head"}), ("last_block", {"up_1", "head"})])
def test_only_the_part_starts_anew_and_all_of_it(part, modules, network):
    names = changed(trained(network), part)
    assert {name.split(".")[0] for name in names} == modules
    assert names == {name for name in network.state_dict() if name.split(".")[0] in modules}


def test_layers_are_as_torch_would_make_them(network):
    torch.manual_seed(3)
    fresh = torch.nn.Conv2d(4, 3, 1)
    reinitialise(network, "head", seed=3)
    assert torch.equal(network.head.weight, fresh.weight)
    assert torch.equal(network.head.bias, fresh.bias)


def test_the_seed_decides_and_the_global_random_state_is_left_alone(network):
    torch.manual_seed(0)
    expected = torch.rand(1)
    torch.manual_seed(0)
    heads = []
    for seed in (1, 1, 2):
        reinitialise(network, "head", seed)
        heads.append(network.head.weight.detach().clone())
    assert torch.equal(heads[0], heads[1])
    assert not torch.equal(heads[0], heads[2])
    assert torch.equal(torch.rand(1), expected)


def test_batch_norm_of_the_part_starts_as_the_identity_and_stays_frozen(network):
    freeze_batch_norm(trained(network))
    reinitialise(network, "last_block")
    network.train()
    norm = network.up_1.convs.conv_0.adn.N
    assert not norm.training
    assert norm.running_mean.abs().max() == 0
    assert torch.equal(norm.running_var, torch.ones_like(norm.running_var))


@pytest.mark.parametrize(
    ("part", "tune"),
    [
        ("none", "none"),
        ("none", "auto"),
        ("head", "all"),
        ("head", "last_layer"),
        ("head", "auto+head"),
        ("head", "high + head"),
        ("head", "lp_ft"),
        ("last_block", "auto_rgn"),
        ("last_block", "high+last_layer"),
        ("last_block", "up_1+head"),
    ],
)
def test_what_starts_anew_must_be_trained(part, tune):
    check_reinitialise(part, tune)


@pytest.mark.parametrize(
    ("part", "tune", "words"),
    [
        ("head", "auto", "'auto\\+head' or 'all'"),
        ("head", "none", "tune 'head' or 'all'"),
        ("head", "high", "makes 'head' random"),
        ("last_block", "head", "makes 'up_1' random"),
        ("last_block", "auto+head", "'auto\\+head\\+up_1' or 'all'"),
        ("last_bloc", "all", "did you mean 'last_block'"),
    ],
)
def test_random_layers_that_nothing_trains_are_refused(part, tune, words):
    with pytest.raises(ScanError, match=words):
        check_reinitialise(part, tune)
