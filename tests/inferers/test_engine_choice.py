from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import nn

from synfine_monai.errors import ScanError
from synfine_monai.inferers import choose_engine, engine_choice, mixed_precision
from synfine_monai.inferers.engine import EAGER_FLOAT32, Engine
from synfine_monai.scans import ChunkedOutput, made_by, new_scan_info

SMALL, LARGE = (4, 64, 64), (64, 512, 512)
LOW, OPENVINO, OPENVINO_LOW = Engine("eager", "bfloat16"), Engine("openvino", "float32"), Engine("openvino", "bfloat16")


class FakeBench:
    """Says what the test wants, and remembers what it was asked."""

    def __init__(self, shares=(), seconds=()):
        self.shares, self.times = {EAGER_FLOAT32: 0.0, **dict(shares)}, {EAGER_FLOAT32: 1.0, **dict(seconds)}
        self.timed = []

    def __call__(self, network, windows):
        return self

    def network_of(self, engine):
        return engine

    def differing(self, engine):
        if isinstance(share := self.shares.get(engine, 3e-4), Exception):
            raise share
        return share

    def seconds(self, engines):
        self.timed = list(engines)
        return {engine: self.times[engine] for engine in engines}


@pytest.fixture
def machine(monkeypatch):
    """Sets what the machine has and how its engines do, and chooses."""
    monkeypatch.setattr(engine_choice, "middle_windows", lambda *_: torch.zeros(1))
    monkeypatch.setattr(engine_choice, "engine_network", lambda network, engine: engine)
    monkeypatch.setattr(engine_choice, "check_engine", lambda name, device: None)

    def choose(
        engine="auto", precision="auto", shape=LARGE, bench=None, low=True, openvino=True, outputs=(), device="cpu"
    ):
        monkeypatch.setattr(engine_choice, "has_openvino", lambda: openvino)
        monkeypatch.setattr(engine_choice, "EngineBench", bench or FakeBench())
        monkeypatch.setattr(mixed_precision, "fast_bfloat16", lambda _: low)
        begun = outputs or [SimpleNamespace(made_by=lambda _: SimpleNamespace(store=SimpleNamespace(done=set)))]
        return choose_engine(engine, precision, nn.Identity(), SimpleNamespace(shape=shape), None, None, begun, device)

    return choose


def test_auto_takes_the_fastest_and_says_by_how_much(machine, capsys):
    chosen = machine(bench=FakeBench(seconds={LOW: 0.4, OPENVINO_LOW: 0.2}))
    assert (chosen.name, chosen.network) == ("openvino in bfloat16", OPENVINO_LOW)
    assert capsys.readouterr().out == (
        "Engine: openvino in bfloat16, 5.0 times as fast as eager float32 here, 0.03% of the labels differ.\n"
    )


def test_auto_keeps_eager_where_it_is_faster(machine):
    assert machine(bench=FakeBench(seconds={LOW: 0.1, OPENVINO_LOW: 0.2})).name == "eager in bfloat16"


def test_a_precision_that_changes_labels_falls_back_for_that_engine_alone(machine):
    bench = FakeBench({OPENVINO_LOW: 2e-3}, {LOW: 0.5, OPENVINO: 0.7})
    assert machine(bench=bench).name == "eager in bfloat16"
    assert bench.timed == [LOW, OPENVINO, EAGER_FLOAT32]


def test_an_engine_that_is_wrong_or_fails_is_dropped(machine, caplog):
    for share in (0.5, RuntimeError("no such operation\nat length")):
        bench = FakeBench({OPENVINO_LOW: share, OPENVINO: share}, {LOW: 0.5})
        assert machine(bench=bench).name == "eager in bfloat16"
        assert bench.timed == [LOW, EAGER_FLOAT32]
    assert "openvino in bfloat16 does not run here (no such operation" in caplog.text


@pytest.mark.parametrize(("precision", "expected"), [("float32", OPENVINO), ("bfloat16", OPENVINO_LOW)])
def test_a_precision_that_was_asked_for_is_kept(machine, precision, expected):
    bench = FakeBench(seconds={LOW: 0.5, OPENVINO: 0.2, OPENVINO_LOW: 0.1})
    assert machine(precision=precision, bench=bench).network == expected


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"shape": SMALL}, "as the scan is too small for others to pay"),
        (
            {"openvino": False},
            "as openvino, which may be several times as fast, is not installed (pip install 'synfine_monai[fast]')",
        ),
        ({"device": "cuda"}, "as the scan is too small for others to pay"),
        ({"device": "mps"}, "as others do not run on mps"),
    ],
)
def test_where_there_is_nothing_to_choose_nothing_is_timed_and_the_reason_said(machine, given, why, capsys):
    bench = FakeBench()
    assert machine(bench=bench, **given).name == "eager in bfloat16"
    assert not bench.timed
    assert capsys.readouterr().out == f"Engine: eager in bfloat16, {why}.\n"


def test_labels_are_checked_in_small_scans_too(machine, capsys):
    assert machine(shape=SMALL, bench=FakeBench({LOW: 4e-3})).name == "eager in float32"
    assert capsys.readouterr().out == "Engine: eager in float32, since bfloat16 changes 0.40% of the labels.\n"


def test_a_scan_of_many_gigavoxels_is_worth_compiling_on_a_gpu(machine):
    compiled = Engine("compile", "bfloat16")
    bench = FakeBench(seconds={LOW: 0.5, compiled: 0.3})
    assert machine(shape=(3000, 3000, 3000), device="cuda", bench=bench).name == "compile in bfloat16"


def test_an_engine_that_was_asked_for_is_taken_without_a_word(machine, capsys):
    assert machine("compile", "bfloat16").name == "compile in bfloat16"
    assert machine("openvino", "auto").name == "openvino in bfloat16"
    assert machine("openvino", "auto", low=False).name == "openvino in float32"
    assert capsys.readouterr().out == ""


def test_an_engine_that_was_asked_for_may_not_fail_silently(machine):
    with pytest.raises(RuntimeError, match="broken"):
        machine("openvino", bench=FakeBench({OPENVINO_LOW: RuntimeError("broken")}))


@pytest.fixture
def begun(tmp_path):
    """A volume that an interrupted run in openvino's bfloat16 began; the measurement would choose eager."""
    like = new_scan_info(tmp_path / "core.tif", (4, 16, 16), np.uint8)
    output = ChunkedOutput(tmp_path / "labels.tif", like, 16 * 16, "signature")
    (made,) = made_by([output], "openvino in bfloat16")
    made.begin()
    made.write(0, np.zeros((1, 16, 16), np.uint8))
    made.leave()
    return [output]


def test_a_run_goes_on_with_the_engine_that_began_it(machine, begun, capsys):
    bench = FakeBench(seconds={LOW: 0.1, OPENVINO_LOW: 0.2})
    assert machine(bench=bench, outputs=begun).name == "openvino in bfloat16"
    assert not bench.timed
    assert "by which this scan was begun" in capsys.readouterr().out
    assert machine("openvino", "bfloat16", outputs=begun).name == "openvino in bfloat16"


@pytest.mark.parametrize("given", [{"engine": "eager"}, {"precision": "float32"}, {"openvino": False}])
def test_it_does_not_where_options_or_the_machine_forbid(machine, begun, given):
    assert machine(outputs=begun, bench=FakeBench(seconds={LOW: 0.1, OPENVINO: 2}), **given).name.startswith("eager")


def test_an_unknown_engine_is_refused_before_the_scan_is_read():
    with pytest.raises(ScanError, match="got 'fast'"):
        choose_engine("fast", "auto", nn.Identity(), None, None, None, [], torch.device("cpu"))


def test_a_middle_that_cannot_be_read_is_left_to_the_run(machine, monkeypatch):
    def unreadable(*_):
        raise ScanError("slice 32 is NaN")

    monkeypatch.setattr(engine_choice, "middle_windows", unreadable)
    bench = FakeBench()
    assert machine(bench=bench).name == "eager in bfloat16"
    assert not bench.timed
