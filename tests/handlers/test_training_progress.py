import pytest
import torch
from ignite.engine import Engine
from monai.utils import CommonKeys

from synfine_monai.handlers import TrainingProgress


def engine(fail_at=None):
    def step(engine, _):
        if engine.state.iteration == fail_at:
            raise ZeroDivisionError
        return {CommonKeys.IMAGE: torch.zeros(4, 1, 2, 2), CommonKeys.LOSS: torch.tensor(0.25)}

    return Engine(step)


def test_images_are_counted_over_all_epochs(capsys):
    trainer = engine()
    TrainingProgress("Training").attach(trainer)
    trainer.run(range(10), max_epochs=2)
    shown = capsys.readouterr().err
    assert "80/80" in shown
    assert "loss=0.250" in shown


def test_the_bar_is_closed_and_the_error_goes_on():
    trainer = engine(fail_at=3)
    progress = TrainingProgress("Training")
    progress.attach(trainer)
    with pytest.raises(ZeroDivisionError):
        trainer.run(range(10), max_epochs=1)
    assert progress.bar is None
