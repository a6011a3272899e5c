import pytest
import torch

from synfine_monai.losses import MaskedDiceCELoss
from synfine_monai.networks import RockUNet

Batches = list[tuple[torch.Tensor, torch.Tensor]]


@pytest.fixture
def network() -> RockUNet:
    torch.manual_seed(0)
    return RockUNet(num_classes=3, channels=(4, 8, 16))


@pytest.fixture
def batches() -> Batches:
    generator = torch.Generator().manual_seed(1)
    return [
        (
            torch.randn(2, 1, 16, 16, generator=generator),
            torch.randint(0, 3, (2, 1, 16, 16), generator=generator, dtype=torch.uint8),
        )
        for _ in range(2)
    ]


@pytest.fixture
def loss_function() -> MaskedDiceCELoss:
    return MaskedDiceCELoss()


@pytest.fixture
def golden_network() -> torch.nn.Linear:
    linear = torch.nn.Linear(2, 2)
    with torch.no_grad():
        linear.weight.copy_(torch.eye(2))
        linear.bias.copy_(torch.tensor([0.5, -0.5]))
    return linear


@pytest.fixture
def golden_batches() -> Batches:
    return [
        (torch.tensor([[1.0, 2.0], [3.0, 4.0]]), torch.tensor([0, 1])),
        (torch.tensor([[0.0, 1.0]]), torch.tensor([1])),
    ]
