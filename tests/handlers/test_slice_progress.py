import pytest
import torch
from ignite.engine import Engine

from synfine_monai.handlers import SliceProgress

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
