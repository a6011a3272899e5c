import numpy as np
import pytest

from synfine_monai.metrics import bootstrap_interval


def test_interval_of_many_units_agrees_with_theory():
    values = np.random.default_rng(0).normal(0.9, 0.05, size=400)
    interval = bootstrap_interval(values)
    half_width = 1.96 * values.std() / 20
    assert interval.mean == pytest.approx(values.mean())
    assert interval.low == pytest.approx(values.mean() - half_width, abs=5e-4)
    assert interval.high == pytest.approx(values.mean() + half_width, abs=5e-4)


def test_one_unit_says_nothing_about_spread():
    assert bootstrap_interval([0.9]) == (0.9, 0.9, 0.9)


def test_repeats_by_seed():
    values = [0.91, 0.93, 0.94, 0.90]
    assert bootstrap_interval(values, seed=1) == bootstrap_interval(values, seed=1)
    assert bootstrap_interval(values, seed=1, draws=99) != bootstrap_interval(values, seed=2, draws=99)


def test_refuses_no_values():
    with pytest.raises(ValueError, match="at least one value"):
        bootstrap_interval([])
