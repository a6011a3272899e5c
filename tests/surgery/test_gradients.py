import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.functional import cross_entropy, mse_loss

from synfine_monai.errors import ScanError
from synfine_monai.networks import SEQUENTIAL, TRANSVERSAL, RockUNet
from synfine_monai.surgery import block_sensitivity, freeze_batch_norm, relative_gradient_norm, signal_to_noise


def test_golden_case_is_a_mean_over_batches(golden_network, golden_batches):
    norms = relative_gradient_norm(golden_network, cross_entropy, golden_batches)
    assert norms == pytest.approx({"weight": 0.6035533966, "bias": 0.5}, rel=1e-7)


def test_golden_case_as_a_block_takes_all_tensors_together(golden_network, golden_batches):
    # per batch, ‖g‖² of weight plus bias over ‖θ‖² = 2 + ½; the second batch has p = (½, ½), so g = ½ in 2 + 2 entries
    block = block_sensitivity(golden_network, cross_entropy, golden_batches[1:], {"all": ("",)})["all"]
    assert block["mean"] == pytest.approx(np.sqrt((2 * 0.25 + 2 * 0.25) / 2.5), rel=1e-6)


def test_is_relative_to_the_parameters_size():
    network = nn.Linear(3, 1, bias=False)
    sample = [(torch.ones(1, 3), torch.zeros(1, 1))]
    nn.init.constant_(network.weight, 2.0)
    # the loss is (Σw)² = 36, its gradient 2·6 for each of three weights of 2
    assert relative_gradient_norm(network, mse_loss, sample)["weight"] == pytest.approx(12 / 2)


def test_a_tensor_of_zeros_counts_as_zero():
    network = nn.Linear(2, 2)
    nn.init.zeros_(network.bias)
    norms = relative_gradient_norm(network, cross_entropy, [(torch.ones(1, 2), torch.tensor([0]))])
    assert norms["bias"] == 0
    assert norms["weight"] > 0


def test_a_parameter_without_influence_has_no_gradient(golden_batches):
    network = nn.Linear(2, 2)
    network.unused = nn.Parameter(torch.ones(3))
    assert relative_gradient_norm(network, cross_entropy, golden_batches)["unused"] == 0


def test_leaves_no_trace(network, batches, loss_function):
    freeze_batch_norm(network)
    network.train()
    network.down_1.eval()
    network.down_0.requires_grad_(False)
    stored = torch.ones_like(network.head.weight)
    network.head.weight.grad = stored
    before = {name: value.clone() for name, value in network.state_dict().items()}
    modes = [module.training for module in network.modules()]
    wishes = [parameter.requires_grad for parameter in network.parameters()]
    random_state = torch.get_rng_state()

    norms = relative_gradient_norm(network, loss_function, batches)

    assert norms["down_0.conv_0.conv.weight"] > 0, "frozen parameters are measured, too"
    assert [module.training for module in network.modules()] == modes
    assert [parameter.requires_grad for parameter in network.parameters()] == wishes
    assert network.head.weight.grad is stored
    assert torch.equal(stored, torch.ones_like(stored))
    assert all(parameter.grad is None for name, parameter in network.named_parameters() if name != "head.weight")
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())
    assert torch.equal(torch.get_rng_state(), random_state)


def test_leaves_no_trace_when_it_fails(network, batches, loss_function):
    network.requires_grad_(False).train()
    image, target = batches[0]
    with pytest.raises(ScanError, match="loss of a probed batch is nan"):
        relative_gradient_norm(network, loss_function, [(image * torch.nan, target)])
    assert all(module.training for module in network.modules())
    assert not any(parameter.requires_grad for parameter in network.parameters())


def test_measures_in_full_precision_and_with_gradients_wherever_it_is_called(network, batches, loss_function):
    expected = relative_gradient_norm(network, loss_function, batches)
    with torch.no_grad(), torch.autocast("cpu", dtype=torch.bfloat16):
        assert relative_gradient_norm(network, loss_function, iter(batches)) == expected


def test_training_mode_makes_no_difference(network, batches, loss_function):
    expected = relative_gradient_norm(network.eval(), loss_function, batches)
    assert relative_gradient_norm(network.train(), loss_function, batches) == expected


def test_groups_follow_from_their_tensors(network, batches, loss_function):
    tensors = relative_gradient_norm(network, loss_function, batches[:1])
    block = block_sensitivity(network, loss_function, batches[:1], SEQUENTIAL)["head"]
    weight, bias = network.head.weight.norm().item(), network.head.bias.norm().item()
    pull = np.hypot(tensors["head.weight"] * weight, tensors["head.bias"] * bias)
    assert block["mean"] == pytest.approx(pull / np.hypot(weight, bias), rel=1e-5)
    assert block["min"] == block["mean"] == block["max"]


def test_an_input_shift_is_found_in_the_first_block():
    """Where only the input's grey levels changed, the high level must respond most (paper, sec. 4.2)."""
    torch.manual_seed(0)
    network = RockUNet(channels=(4, 8, 16))
    optimizer = torch.optim.Adam(network.parameters(), lr=1e-2)
    image = torch.rand(8, 1, 16, 16)
    target = (image > 0.5).long()[:, 0]
    for _ in range(60):
        optimizer.zero_grad()
        cross_entropy(network(image), target).backward()
        optimizer.step()
    shifted = [(2 * image - 1, target)]
    levels = block_sensitivity(network, cross_entropy, shifted, TRANSVERSAL)
    assert max(levels, key=lambda name: levels[name]["mean"]) == "high"


def test_refuses_to_measure_nothing(golden_network):
    with pytest.raises(ScanError, match="at least one batch"):
        relative_gradient_norm(golden_network, cross_entropy, [])


def points(*targets: float) -> tuple[torch.Tensor, torch.Tensor]:
    """Data points whose loss is (w − target)² for a layer of one weight w."""
    return torch.ones(len(targets), 1), torch.tensor(targets)[:, None]


@pytest.fixture
def weight() -> nn.Linear:
    layer = nn.Linear(1, 1, bias=False)
    nn.init.zeros_(layer.weight)
    return layer


def test_equals_the_ratio_computed_by_hand(weight):
    # gradients 2·(0 − target) = −2, −4, −6: mean −4, sample variance 4
    assert signal_to_noise(weight, mse_loss, [points(1, 2, 3)])["weight"] == pytest.approx(16 / 4)


def test_does_not_depend_on_how_points_are_batched(weight):
    together = signal_to_noise(weight, mse_loss, [points(1, 2, 4, 9)])
    apart = signal_to_noise(weight, mse_loss, [points(1), points(2, 4), points(9)])
    assert together == pytest.approx(apart)


def test_opposed_points_are_all_noise(weight):
    assert signal_to_noise(weight, mse_loss, [points(-1, 1)])["weight"] == 0


def test_agreeing_points_stay_finite(weight):
    assert signal_to_noise(weight, mse_loss, [points(1, 1, 1)])["weight"] == pytest.approx(1e12)


def test_elements_are_pooled_before_they_are_divided():
    layer = nn.Linear(2, 1, bias=False)
    nn.init.zeros_(layer.weight)
    image = torch.eye(2)
    # gradients (−2, 0) and (0, −6): means (−1, −3), sample variances (2, 18)
    ratio = signal_to_noise(layer, mse_loss, [(image, torch.tensor([[1.0], [3.0]]))])["weight"]
    assert ratio == pytest.approx((1 + 9) / (2 + 18))


def test_the_ratio_leaves_no_trace(network, batches, loss_function):
    before = {name: value.clone() for name, value in network.state_dict().items()}
    ratios = signal_to_noise(network.train(), loss_function, batches)
    assert ratios.keys() == dict(network.named_parameters()).keys()
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())
    assert all(parameter.grad is None for parameter in network.parameters())


def test_one_point_has_no_noise(weight):
    with pytest.raises(ScanError, match="at least two labelled patches, but there were 1"):
        signal_to_noise(weight, mse_loss, [points(1)])
