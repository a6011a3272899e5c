"""A network that misses nearly all of a rare phase, and is sure of it: the prediction tells how rare the phase is."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import kurtosis

from synfine_monai.planning import Residuals, WindowTails, share_intervals, window_totals


def test_tails_are_the_kurtosis_of_all_windows():
    rng = np.random.default_rng(0)
    phase, core = rng.uniform(size=(3, 20, 30)) < 0.1, np.ones((3, 20, 30), bool)
    core[:, :5] = False
    tails = WindowTails(4, phase[core].mean())
    for image, inside in zip(phase, core, strict=True):
        tails.add(image, inside)
    voxels = window_totals(core, 4)
    above = window_totals(phase & core, 4) - phase[core].mean() * voxels
    assert tails.finish() == pytest.approx(kurtosis(above[voxels > 0], fisher=False))
    assert WindowTails(4, 0.0).finish() == 3


def test_only_where_much_is_missed_do_tails_count():
    wrong, columns = np.array([1.0, -1.0] * 8), (np.full(16, 100.0), np.ones(16), 0.05)
    good = Residuals(wrong, *columns, labelled=np.full(16, 50.0), tails=24.0)
    bad = Residuals(np.full(16, 5.0), *columns, labelled=np.full(16, 5.0), tails=24.0)
    assert 3 < good.least_tails < 3.1
    assert bad.least_tails == pytest.approx(3 * 8**0.8)
    assert replace(bad, labelled=None).least_tails == replace(bad, tails=2.0).least_tails == 3
    assert bad.part(np.arange(8)).least_tails == bad.least_tails


def test_an_interval_is_wider_where_the_rare_phase_is_missed_and_else_as_before():
    rng = np.random.default_rng(1)
    columns = (np.full(16, 100.0), np.ones(16), 0.05)
    small = Residuals(rng.normal(0, 1, 16), *columns, labelled=np.full(16, 50.0), tails=24.0)
    missed = Residuals(rng.uniform(3, 7, 16), *columns, labelled=np.full(16, 5.0), tails=24.0)
    for residuals, wider in ((small, 1.0), (missed, 1.4)):
        (_, _, low, high), (_, _, lowest, highest) = map(share_intervals, (replace(residuals, tails=3.0), residuals))
        assert (highest - lowest) / (high - low) == pytest.approx(1, abs=0.03) if wider == 1 else highest > high
        assert (highest - lowest) / (high - low) >= wider - 1e-9
