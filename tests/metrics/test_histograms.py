import numpy as np
import pytest
import torch

from synfine_monai.metrics import histogram_distance

NOISE = torch.from_numpy(np.random.default_rng(0).normal(size=(64, 1, 64, 64)).astype(np.float32))


def test_a_shift_is_its_own_distance():
    assert histogram_distance(NOISE, NOISE + 0.25) == pytest.approx(0.25, abs=1e-5)
    assert histogram_distance(NOISE, NOISE) == 0


def test_a_wider_spread_counts_as_the_mean_shift_of_its_quantiles():
    assert histogram_distance(NOISE, 2 * NOISE) == pytest.approx(np.sqrt(2 / np.pi), rel=0.01)


def test_places_do_not_count():
    few = NOISE[:16]
    assert histogram_distance(few, few.flip(-1).transpose(-1, -2)) == pytest.approx(0, abs=1e-6)


def test_all_columns_of_a_large_set_are_seen():
    stripes = (torch.arange(64) % 2).float().expand(200, 1, 64, 64)
    assert histogram_distance(stripes, torch.full((8, 1, 64, 64), 0.5)) == pytest.approx(0.5, abs=1e-3)
    assert histogram_distance(stripes, stripes.roll(1, -1)) == pytest.approx(0, abs=1e-3)
