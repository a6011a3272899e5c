import pytest
import torch
from ignite.engine import Engine
from monai.utils import CommonKeys

from synfine_monai.handlers import SliceProgress, TrainingProgress
from synfine_monai.handlers.progress import on_failure


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


SLABS = [torch.zeros(5, 16, 16), torch.zeros(5, 16, 16), torch.zeros(2, 16, 16)]


def test_the_bar_counts_slices(capsys):
    engine = Engine(lambda engine, slab: [{"labels": slab}])
    SliceProgress(12).attach(engine)
    engine.run(SLABS)
    shown = capsys.readouterr().err
    assert "Segmenting: 100%" in shown
    assert "12/12" in shown
    assert "slice" in shown


def test_the_bar_ends_its_line_when_the_run_fails(capsys):
    def fail(engine, slab):
        raise RuntimeError("broken")

    engine = Engine(fail)
    SliceProgress(12).attach(engine)
    with pytest.raises(RuntimeError, match="broken"):
        engine.run(SLABS)
    assert capsys.readouterr().err.endswith("\n")


def fail(engine, batch):
    raise RuntimeError("the disk is full")


def test_all_clean_up_and_then_the_error_goes_on():
    engine, calls = Engine(fail), []
    for name in ("first", "second", "third"):
        on_failure(engine, lambda name=name: calls.append(name))
    with pytest.raises(RuntimeError, match="the disk is full"):
        engine.run([1])
    assert calls[:3] == ["first", "second", "third"]


def test_nothing_is_cleaned_up_after_a_good_run():
    engine = Engine(lambda engine, batch: None)
    on_failure(engine, lambda: pytest.fail("cleaned up"))
    engine.run([1, 2])
