"""The surgery room on MONAI's diffusion U-Net, whose last convolutions of residual blocks are zero at the start."""

import math

import pytest
import torch

from synfine_monai.data import synthetic_task
from synfine_monai.errors import ScanError
from synfine_monai.networks import (
    SEQUENTIAL,
    TRANSVERSAL,
    describe_model,
    parameters_of,
    read_model_info,
    save_model,
    starting_network,
)
from synfine_monai.networks.diffusion_denoiser import DiffusionDenoiser, DiffusionSegmenter
from synfine_monai.surgery import (
    apply_plan,
    measure_sensitivity,
    reinitialise,
    relative_gradient_norm,
    start_network,
    tuning_plan,
)


@pytest.fixture
def fresh():
    torch.manual_seed(0)
    return DiffusionSegmenter(3, channels=(8, 16, 24), norm_num_groups=4)


@pytest.fixture
def sensitivity(fresh, batches, loss_function):
    return measure_sensitivity(fresh, loss_function, batches, with_signal_to_noise=True)


def test_a_tensor_of_zeros_has_no_size_to_compare_with(fresh, batches, loss_function):
    values = relative_gradient_norm(fresh, loss_function, batches)
    zero = {name for name, parameter in fresh.named_parameters() if not parameter.any()}
    assert any(name.endswith("conv2.conv.weight") for name in zero)
    assert all(math.isfinite(value) for value in values.values())
    assert all(values[name] == 0 for name in zero)
    assert values["head.weight"] > 0


def test_blocks_and_levels_of_a_fresh_network_have_finite_values_above_zero(sensitivity):
    groups = {**sensitivity["sequential"], **sensitivity["transversal"]}
    assert groups.keys() == {*SEQUENTIAL, *TRANSVERSAL}
    assert all(0 < value < math.inf for group in groups.values() for value in group.values())
    assert sensitivity["selected_level"] in TRANSVERSAL
    assert all(math.isfinite(value) for value in sensitivity["signal_to_noise"].values())


@pytest.mark.parametrize("tune", ["all", "auto", "auto_block", "high+head", "low", "last_layer"])
def test_a_word_trains_its_part_and_nothing_else(fresh, sensitivity, tune):
    plan = tuning_plan(tune, fresh, sensitivity)
    apply_plan(fresh, plan, 1e-3)
    parts = {**SEQUENTIAL, **TRANSVERSAL, "last_layer": ("head",), "all": ("",)}
    expected = {name for part in plan.selected.split("+") for name in parameters_of(fresh, parts[part])}
    assert {name for name, parameter in fresh.named_parameters() if parameter.requires_grad} == expected


@pytest.mark.parametrize("tune", ["auto_rgn", "auto_snr"])
def test_learning_rates_in_proportion_leave_group_norm_alone(fresh, sensitivity, tune):
    (stage,) = tuning_plan(tune, fresh, sensitivity).stages
    assert max(stage.multipliers.values()) == 1
    assert not any(".norm" in name or "leave" in name for name in stage.multipliers)


def test_there_is_no_batch_norm_to_tune(fresh):
    with pytest.raises(ScanError, match="finds no batch norm with scale and shift in DiffusionSegmenter"):
        tuning_plan("batch_norm", fresh)


def test_fine_tuning_starts_from_a_denoiser_with_other_classes(tmp_path, batches, loss_function):
    torch.manual_seed(0)
    source = DiffusionDenoiser(5, channels=(8, 16, 24), norm_num_groups=4).at_level(50)
    save_model(source, describe_model(synthetic_task(), source, "zscore"), tmp_path / "model.pt")
    phases = (("matrix",), ("pore",))
    data = {"image": batches[0][0], "label": batches[0][1].clamp_max(1)}
    network = starting_network(read_model_info(tmp_path / "model.pt"), len(phases))
    started = start_network(network, tmp_path / "model.pt", phases, data, loss_function)
    assert torch.equal(started.head.weight, source.head.weight[:2])
    assert torch.equal(started.down_0.enter.conv.weight, source.down_0.enter.conv.weight)


def test_last_layers_start_anew(fresh):
    before = {name: value.clone() for name, value in fresh.state_dict().items()}
    reinitialise(fresh, "last_block", seed=1)
    after = fresh.state_dict()
    changed = {name for name in before if not torch.equal(before[name], after[name])}
    assert {name.split(".")[0] for name in changed} == {"up_1", "head"}
    assert all(after[name].any() for name in changed)
