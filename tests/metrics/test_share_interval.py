import numpy as np
import pytest

from synfine_monai.metrics import clustered_share


def test_it_is_clopper_and_pearsons_where_units_are_right_or_wrong():
    found = clustered_share([1] * 8 + [0] * 2, [1] * 10)
    assert found.mean == pytest.approx(0.8)
    assert (found.low, found.high) == pytest.approx((0.4439, 0.9748), abs=1e-4)


def test_five_strokes_that_are_all_right_prove_little():
    found = clustered_share([1.0] * 5, [60] * 5)
    assert (found.mean, found.high) == (1, 1)
    assert found.low == pytest.approx(0.025 ** (1 / 5))


def test_it_covers_strokes_that_are_drawn_anew():
    rng = np.random.default_rng(0)
    hits = 0
    for _ in range(400):
        shares = rng.beta(8, 1, size=9)  # a mean of 8/9, strokes unlike each other
        found = clustered_share(shares, rng.integers(20, 60, 9))
        hits += found.low <= 8 / 9 <= found.high
    assert hits / 400 >= 0.95


def test_no_unit_is_refused():
    with pytest.raises(ValueError, match="at least one"):
        clustered_share([], [])
