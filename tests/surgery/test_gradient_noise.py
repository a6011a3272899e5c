import pytest
import torch
from torch import nn
from torch.nn.functional import mse_loss

from synfine_monai.errors import ScanError
from synfine_monai.surgery import signal_to_noise


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


def test_leaves_no_trace(network, batches, loss_function):
    before = {name: value.clone() for name, value in network.state_dict().items()}
    ratios = signal_to_noise(network.train(), loss_function, batches)
    assert ratios.keys() == dict(network.named_parameters()).keys()
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())
    assert all(parameter.grad is None for parameter in network.parameters())


def test_one_point_has_no_noise(weight):
    with pytest.raises(ScanError, match="at least two labelled patches, but there were 1"):
        signal_to_noise(weight, mse_loss, [points(1)])
