import numpy as np
import pytest
from scipy.stats import bernoulli

from synfine_monai.errors import ScanError
from synfine_monai.planning import Residuals, betting_interval, difference_estimate, estimate_share, pooled_share

EQUAL = {"voxels": np.full(16, 100), "probability": np.full(16, 1e-4), "predicted": 0.2}


def test_equal_windows_give_the_textbook_interval_of_a_mean():
    wrong = 3 + 4 * np.linspace(-1, 1, 16)  # neither skewed nor with long tails
    found = estimate_share(Residuals(wrong, **EQUAL))
    assert found.share == pytest.approx(0.2 + wrong.mean() / 100)
    assert found.error == pytest.approx(wrong.std(ddof=1) / 100 / 4)
    assert found.half_width == pytest.approx(2.1314 * found.error, rel=1e-3)  # t with 15 degrees of freedom
    assert (found.windows, found.way, found.predicted) == (16, "t", 0.2)


def test_windows_weigh_by_the_inverse_of_their_probability():
    few = Residuals(np.array([10.0, 0.0]), np.array([100, 100]), np.array([0.3, 0.1]), 0.0)
    assert difference_estimate(few)[0] == pytest.approx((10 / 0.3) / (100 / 0.3 + 100 / 0.1))


def test_few_windows_that_are_wrong_do_not_give_a_narrow_interval():
    """Four of sixteen windows err, all alike: their spread would say ± 0.6 points, but so few can miss far more."""
    wrong = np.array([5.0] * 4 + [0.0] * 12)
    found = estimate_share(Residuals(wrong, **EQUAL), largest=1.0)
    assert found.way == "betting"
    assert found.half_width > 0.1
    assert estimate_share(Residuals(np.array([5.0] * 5 + [0.0] * 11), **EQUAL)).way == "t"


def test_long_tails_leave_fewer_degrees_of_freedom():
    even = 4 * np.linspace(-1, 1, 16)
    tails = np.array([-1.0, 1.0] * 7 + [-12.0, 12.0])
    ratio = [(one := estimate_share(Residuals(wrong, **EQUAL))).half_width / one.error for wrong in (even, tails)]
    assert ratio[0] == pytest.approx(2.1314, rel=1e-3)
    assert ratio[1] > 2.5


def test_fewer_than_eight_windows_have_no_interval():
    found = estimate_share(Residuals(np.arange(7.0), np.full(7, 100), np.ones(7), 0.2))
    assert (found.low, found.high, found.half_width, found.error) == (None, None, None, None)
    assert found.share == pytest.approx(0.23)


def test_windows_that_all_agree_do_not_give_a_point():
    found = estimate_share(Residuals(np.zeros(16), **EQUAL), largest=1.0)
    assert found.way == "betting"
    assert found.low == 0.0
    assert 0.25 < found.high < 0.8  # sixteen windows cannot rule out that a tenth of the core is wrong
    wide = estimate_share(Residuals(np.full(16, 5.0), **EQUAL), largest=1.0)
    assert wide.low < 0.25 < wide.high


def test_windows_that_are_still_needed():
    wrong = 4 * np.linspace(-1, 1, 16)
    found = estimate_share(Residuals(wrong, **EQUAL))
    needed = found.windows_for(found.half_width)
    assert needed == 16
    assert found.windows_for(found.half_width / 10) == pytest.approx(1600 * (1.96 / 2.1314) ** 2, rel=0.01)


def test_a_core_that_no_window_meets_is_refused():
    with pytest.raises(ScanError, match="another core's plan"):
        estimate_share(Residuals(np.zeros(9), np.zeros(9), np.ones(9), 0.2))


def test_networks_that_differ_are_each_judged_by_windows_they_have_not_seen():
    """Cross mode: two networks off by +0.1 and -0.1 of the whole; each window shows its network's error."""
    predicted = np.repeat([0.3, 0.1], 8)
    noise = np.random.default_rng(2).normal(0, 1, 16)
    found = estimate_share(Residuals((0.2 - predicted) * 100 + noise, np.full(16, 100), np.ones(16), predicted))
    assert found.share == pytest.approx(0.2 + noise.mean() / 100)
    assert found.predicted == pytest.approx(0.2)
    assert found.error == pytest.approx(noise.std(ddof=1) / 400)


def test_scans_are_pooled_by_their_voxels():
    rng = np.random.default_rng(3)
    one, other = (estimate_share(Residuals(rng.normal(0, 2, 16), **EQUAL)) for _ in range(2))
    both = pooled_share([one, other], [300, 100])
    assert both.share == pytest.approx(0.75 * one.share + 0.25 * other.share)
    assert both.error == pytest.approx(np.hypot(0.75 * one.error, 0.25 * other.error))
    assert 2.04 < both.half_width / both.error < 2.1315  # between 30 and 15 degrees of freedom
    with pytest.raises(ScanError, match="8 windows"):
        pooled_share([one, estimate_share(Residuals(np.zeros(4), np.ones(4), np.ones(4), 0.2))], [1, 1])


def test_bets_cover_a_rare_event_that_a_t_interval_misses():
    draws = bernoulli.rvs(0.03, size=(300, 32), random_state=0).astype(float)
    ends = [betting_interval(each, 0, 1) for each in draws]
    assert np.mean([low <= 0.03 <= high for low, high in ends]) >= 0.95
    spread = draws.std(1, ddof=1) / 32**0.5
    assert np.mean(np.abs(draws.mean(1) - 0.03) <= 2.0395 * spread) < 0.7


def test_bets_narrow_with_the_number_of_values():
    rng = np.random.default_rng(4)
    widths = [np.subtract(*betting_interval(rng.uniform(0.4, 0.6, n), 0, 1)[::-1]) for n in (16, 64, 256)]
    assert widths[0] > 1.5 * widths[1] > 2 * widths[2]
    with pytest.raises(ValueError, match="between"):
        betting_interval(np.array([2.0]), 0, 1)
