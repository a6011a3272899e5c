import numpy as np
import pytest

from synfine_monai.metrics.bootstrap import bootstrap_interval, paired_difference


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


def test_pairs_take_out_what_both_methods_share():
    easy_and_hard = np.array([0.5, 0.7, 0.9, 0.6, 0.8])
    difference = paired_difference(easy_and_hard + 0.01, easy_and_hard)
    assert difference.low == pytest.approx(0.01)
    assert difference.high == pytest.approx(0.01)


def test_refuses_no_values():
    with pytest.raises(ValueError, match="at least one value"):
        bootstrap_interval([])


def test_refuses_unpaired_values():
    with pytest.raises(ValueError, match="Pairs are needed"):
        paired_difference([1.0], [1.0, 2.0])
