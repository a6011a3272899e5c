import numpy as np
import pytest

from synfine_monai.transforms.generate import log_uniform, uniform


def test_a_number_is_itself():
    random = np.random.RandomState(0)
    assert uniform(random, 0.3) == 0.3
    assert log_uniform(random, 7) == pytest.approx(7)


def test_draws_have_the_medians_of_their_distributions():
    random = np.random.RandomState(0)
    assert np.median([uniform(random, (1, 9)) for _ in range(4000)]) == pytest.approx(5, rel=0.05)
    assert np.median([log_uniform(random, (1, 9)) for _ in range(4000)]) == pytest.approx(3, rel=0.05)


def test_refuses_ranges_that_run_backwards_or_have_no_logarithm():
    random = np.random.RandomState(0)
    with pytest.raises(ValueError, match="backwards"):
        uniform(random, (2, 1))
    with pytest.raises(ValueError, match="positive"):
        log_uniform(random, (0, 1))
