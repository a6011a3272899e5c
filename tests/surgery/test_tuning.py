import json

import pytest
import torch
from torch import nn

from synfine_monai.errors import ScanError
from synfine_monai.networks import SEQUENTIAL, TRANSVERSAL, parameters_of
from synfine_monai.surgery import apply_plan, freeze_batch_norm, measure_sensitivity, needs_sensitivity, tuning_plan


@pytest.fixture
def sensitivity(network, batches, loss_function) -> dict:
    measured = measure_sensitivity(network, loss_function, batches, with_signal_to_noise=True)
    return {**measured, "selected_level": "mid", "selected_block": "up_0"}


def trained_by(network: nn.Module, tune: str, sensitivity: dict | None = None) -> set[str]:
    apply_plan(network, tuning_plan(tune, network, sensitivity), 1e-3)
    return {name for name, parameter in network.named_parameters() if parameter.requires_grad}


@pytest.mark.parametrize(
    ("tune", "modules"),
    [(block, modules) for block, modules in SEQUENTIAL.items()]
    + [(level, modules) for level, modules in TRANSVERSAL.items()]
    + [
        ("high+head", ("down_0", "up_1", "head")),
        ("low + down_0", ("down_2", "down_0")),
        ("last_layer", ("head",)),
        ("all", ("",)),
        ("none", ()),
        ("auto", ("down_1", "up_0")),
        ("auto_block", ("up_0",)),
        ("auto+head", ("down_1", "up_0", "head")),
    ],
)
def test_a_word_trains_its_part_and_nothing_else(network, sensitivity, tune, modules):
    assert trained_by(network, tune, sensitivity) == set(parameters_of(network, modules))


def test_batch_norm_trains_scale_and_shift_alone(network):
    layers = [module for module in network.modules() if isinstance(module, nn.BatchNorm2d)]
    expected = {id(parameter) for layer in layers for parameter in (layer.weight, layer.bias)}
    names = trained_by(network, "batch_norm")
    assert {id(parameter) for name, parameter in network.named_parameters() if name in names} == expected


def test_what_auto_selected_is_said(network, sensitivity):
    assert tuning_plan("auto", network, sensitivity).selected == "mid"
    assert tuning_plan("auto+head", network, sensitivity).selected == "mid+head"
    assert tuning_plan("all", network).selected == "all"


@pytest.mark.parametrize(("tune", "key"), [("auto_rgn", "parameters"), ("auto_snr", "signal_to_noise")])
def test_learning_rates_in_proportion(network, sensitivity, tune, key):
    groups = apply_plan(network, tuning_plan(tune, network, sensitivity), learning_rate=0.01)
    rates = {id(parameter): group["lr"] for group in groups for parameter in group["params"]}
    norms = [module for module in network.modules() if isinstance(module, nn.BatchNorm2d)]
    apart = {id(parameter) for module in norms for parameter in module.parameters()}
    values = {id(p): sensitivity[key][name] for name, p in network.named_parameters() if id(p) not in apart}
    largest = max(values.values())
    assert rates == pytest.approx({key: 0.01 * value / largest for key, value in values.items()})
    assert max(rates.values()) == 0.01
    torch.optim.Adam(groups)


def test_linear_probe_comes_first_then_everything(network):
    plan = tuning_plan("lp_ft", network)
    assert [stage.name for stage in plan.stages] == ["last_layer", "all"]
    assert sum(stage.share for stage in plan.stages) == 1
    apply_plan(network, plan, 1e-3, stage=0)
    assert {name for name, value in network.named_parameters() if value.requires_grad} == {"head.weight", "head.bias"}
    apply_plan(network, plan, 1e-3, stage=1)
    assert all(parameter.requires_grad for parameter in network.parameters())
    with pytest.raises(ScanError, match="has 2 stages, so there is no stage 2"):
        apply_plan(network, plan, 1e-3, stage=2)


def test_parts_that_overlap_are_optimised_once(network):
    groups = apply_plan(network, tuning_plan("high+down_0+batch_norm", network), 1e-3)
    parameters = [id(parameter) for group in groups for parameter in group["params"]]
    assert len(parameters) == len(set(parameters))


def test_nothing_to_tune_leaves_no_optimizer_group(network):
    assert apply_plan(network, tuning_plan("none", network), 1e-3) == []


@pytest.mark.parametrize(
    ("tune", "message"),
    [
        ("hihg", "no 'hihg': did you mean 'high'?"),
        ("down_3", "no 'down_3': did you mean 'down_"),
        ("last_layers", "did you mean 'last_layer'?"),
        ("high+haed", "no 'haed': did you mean 'head'?"),
        ("", "tune has no ''"),
        ("all+head", "joins 'all' with other parts"),
        ("auto", "needs the network's sensitivity"),
        ("auto_rgn", "needs the network's sensitivity"),
    ],
)
def test_words_that_cannot_be_understood(network, tune, message):
    with pytest.raises(ScanError) as caught:
        tuning_plan(tune, network)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_refuses_a_sensitivity_of_another_network_or_without_values(network, sensitivity):
    plan = tuning_plan("auto_rgn", network, {"parameters": {"layer4.weight": 1.0}})
    with pytest.raises(ScanError, match=r"1 parameters that RockUNet lacks, such as 'layer4\.weight'"):
        apply_plan(network, plan, 1e-3)
    with pytest.raises(ScanError, match="finds no value above zero"):
        tuning_plan("auto_snr", network, {"parameters": sensitivity["parameters"]})


def test_says_beforehand_whether_a_probe_is_needed():
    needing = [
        word for word in ("auto", "auto_block", "auto + head", "auto_rgn", "auto_snr") if needs_sensitivity(word)
    ]
    assert len(needing) == 5
    assert not any(needs_sensitivity(word) for word in ("high", "all", "lp_ft", "none", "high+head"))


def test_a_plan_is_plain_json(network, sensitivity):
    plan = tuning_plan("auto_rgn", network, sensitivity)
    assert json.loads(json.dumps(plan.to_dict()))["stages"][0]["multipliers"] == plan.stages[0].multipliers


def test_a_frozen_prefix_does_no_backward_work(network, batches):
    freeze_batch_norm(network)
    apply_plan(network, tuning_plan("up_1", network), 1e-3)
    outputs = {}
    for name, module in network.named_children():
        module.register_forward_hook(lambda _, __, output, name=name: outputs.update({name: output}))
    network.train()(batches[0][0])
    grows = {name: output.requires_grad for name, output in outputs.items()}
    assert grows == {"down_0": False, "down_1": False, "down_2": False, "up_0": False, "up_1": True, "head": True}


def test_a_step_changes_what_is_tuned_and_nothing_else(network, batches, loss_function):
    freeze_batch_norm(network)
    before = {name: value.clone() for name, value in network.state_dict().items()}
    optimizer = torch.optim.Adam(apply_plan(network, tuning_plan("mid", network), 1e-2))
    network.train()
    loss_function(network(batches[0][0]), batches[0][1]).backward()
    optimizer.step()
    changed = {name for name, value in network.state_dict().items() if not torch.equal(value, before[name])}
    assert changed == set(parameters_of(network, TRANSVERSAL["mid"]))
