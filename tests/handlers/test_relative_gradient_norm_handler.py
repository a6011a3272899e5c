import copy

import pytest
import torch
from ignite.engine import Events
from monai.engines import SupervisedTrainer
from torch.utils.tensorboard import SummaryWriter

from synfine_monai.handlers.surgical_tuning import RelativeGradientNormHandler
from synfine_monai.losses import MaskedDiceCELoss
from synfine_monai.networks import SEQUENTIAL, TRANSVERSAL, RockUNet
from synfine_monai.surgery import measure_sensitivity


@pytest.fixture
def network() -> RockUNet:
    torch.manual_seed(0)
    return RockUNet(channels=(4, 8, 16))


@pytest.fixture
def batch() -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(1)
    image = torch.randn(2, 1, 16, 16, generator=generator)
    return image, (image > 0).to(torch.uint8)


def train(network: RockUNet, batch: tuple[torch.Tensor, torch.Tensor], handlers: list) -> SupervisedTrainer:
    trainer = SupervisedTrainer(
        device=torch.device("cpu"),
        max_epochs=3,
        train_data_loader=[{"image": batch[0], "label": batch[1]}] * 2,
        network=network,
        optimizer=torch.optim.Adam(network.parameters(), lr=1e-2),
        loss_function=MaskedDiceCELoss(),
        train_handlers=handlers,
    )
    trainer.run()
    return trainer


class ScalarLog:
    """Stands in for a TensorBoard writer."""

    def __init__(self) -> None:
        self.scalars: list[tuple[str, float, int]] = []

    def add_scalar(self, tag: str, value: float, step: int) -> None:
        self.scalars.append((tag, value, step))


def test_measures_at_its_event_and_tells_state_history_and_writer(network, batch):
    log = ScalarLog()
    handler = RelativeGradientNormHandler(network, MaskedDiceCELoss(), [batch], summary_writer=log)
    trainer = train(network, batch, [handler])
    assert [iteration for iteration, _ in handler.history] == [2, 4, 6]
    assert trainer.state.sensitivity == handler.history[-1][1]
    assert trainer.state.sensitivity == measure_sensitivity(network, MaskedDiceCELoss(), [batch])
    assert len(log.scalars) == 3 * (len(SEQUENTIAL) + len(TRANSVERSAL))
    expected = trainer.state.sensitivity["transversal"]["mid"]["mean"]
    assert ("relative_gradient_norm/transversal/mid", expected, 6) in log.scalars


def test_watching_does_not_change_what_is_learnt(network, batch):
    twin = copy.deepcopy(network)
    handler = RelativeGradientNormHandler(
        network, MaskedDiceCELoss(), [batch], event=Events.ITERATION_COMPLETED(every=1)
    )
    train(network, batch, [handler])
    train(twin, batch, [])
    for name, value in twin.state_dict().items():
        assert torch.equal(value, network.state_dict()[name]), name


def test_writes_to_tensorboard(network, batch, tmp_path):
    with SummaryWriter(tmp_path) as writer:
        train(
            network, batch, [RelativeGradientNormHandler(network, MaskedDiceCELoss(), [batch], summary_writer=writer)]
        )
    assert list(tmp_path.glob("events.out.tfevents.*"))
