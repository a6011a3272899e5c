import numpy as np
import pytest
import torch
from torch import nn

from synfine_monai.inferers.engine import EAGER_FLOAT32, Engine
from synfine_monai.inferers.engine_bench import EngineBench, middle_windows
from synfine_monai.scans import create_scan, new_scan_info, open_scan
from synfine_monai.survey import IntensityStatistics, find_scan_field_of_view

LOW = Engine("eager", "bfloat16")


class Thresholds(nn.Module):
    """Two classes, divided at 1; convolutions are what autocast rounds."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, 1, 1)
        nn.init.ones_(self.conv.weight)
        nn.init.zeros_(self.conv.bias)

    def forward(self, image):
        found = self.conv(image).float()
        return torch.cat([torch.zeros_like(found), found - 1], 1)


class Clock:
    """Each engine's call takes as long as the list says; the reading in between takes nothing."""

    def __init__(self, bench, seconds):
        self.now, self.seconds, self.calls = 0.0, seconds, []
        bench.clock, bench.logits = lambda: self.now, self.logits

    def logits(self, engine):
        self.calls.append(engine)
        durations = self.seconds[engine]
        self.now += durations[(self.calls.count(engine) - 1) % len(durations)]
        return torch.zeros(1)


def test_labels_that_rounding_changes_are_counted():
    windows = torch.full((1, 1, 1, 16, 16), 2.0)
    windows[..., :4, :] = 1.001  # next to 1 in bfloat16, so not above it
    bench = EngineBench(Thresholds(), windows)
    assert bench.differing(EAGER_FLOAT32) == 0
    assert bench.differing(LOW) == pytest.approx(4 / 16)


def test_the_fastest_of_all_turns_counts():
    bench = EngineBench(nn.Identity(), torch.zeros(1))
    clock = Clock(bench, {EAGER_FLOAT32: [0.9, 0.5], LOW: [0.1, 0.4]})
    assert bench.seconds([EAGER_FLOAT32, LOW], budget=1.0) == pytest.approx({EAGER_FLOAT32: 0.5, LOW: 0.1})
    assert clock.calls == [EAGER_FLOAT32, LOW] * 2, "in turns"


def test_it_goes_on_for_its_budget_and_not_longer():
    bench = EngineBench(nn.Identity(), torch.zeros(1))
    clock = Clock(bench, {LOW: [0.01]})
    bench.seconds([LOW], budget=1.0)
    assert clock.now == pytest.approx(1.0, abs=0.02)


def test_windows_are_the_middle_of_the_scan_as_inference_sees_it(tmp_path):
    volume = np.random.default_rng(0).integers(90, 110, (9, 600, 520)).astype(np.uint8)
    path = tmp_path / "core.tif"
    with create_scan(path, new_scan_info(path, volume.shape, np.uint8)) as sink:
        sink.write(volume)
    with open_scan(path) as scan:
        found = middle_windows(
            scan, find_scan_field_of_view(scan), IntensityStatistics("zscore", 100.0, 5.0, (), ()), torch.device("cpu")
        )
    assert found.shape == (1, 1, 1, 512, 512)
    expected = (volume[4, 44:556, 4:516].astype(np.float32) - 100) / 5
    np.testing.assert_allclose(found[0, 0, 0], expected, rtol=1e-5)
