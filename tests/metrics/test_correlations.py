import numpy as np
import pytest
import torch

from synfine_monai.errors import ScanError
from synfine_monai.metrics import correlation_distance, dark_threshold

RANDOM = np.random.default_rng(0)


def stripes(period: int) -> np.ndarray:
    """Half dark (0), half bright (1)."""
    return np.broadcast_to(np.arange(64) % period >= period / 2, (8, 1, 64, 64)).astype(np.float32)


def test_threshold_lies_between_two_levels_and_a_few_metal_voxels_leave_it():
    levels = RANDOM.normal(size=(8, 1, 64, 64)) * 0.2 + stripes(8)
    clean = dark_threshold(levels)
    levels[0, 0, :2, :32] = 50
    assert clean == pytest.approx(0.5, abs=0.1)
    assert dark_threshold(levels) == pytest.approx(clean, abs=0.05)


def test_same_sizes_and_spacings_are_no_distance():
    assert correlation_distance(stripes(8), stripes(8)) == 0
    assert correlation_distance(stripes(8), torch.from_numpy(np.roll(stripes(8)[:3], 8, -1))) == pytest.approx(0)


def test_other_spacing_counts_at_the_same_share():
    assert correlation_distance(stripes(8), stripes(16)) > 5


def test_nothing_dark_misses_the_whole_correlation():
    chance = (RANDOM.random((16, 1, 64, 64)) > 0.2).astype(np.float32)
    expected = 100 * (1 + 32 * 0.2) / 33  # S(0) = 0.2 and S(r) = 0.04 of a dark share of 0.2
    assert correlation_distance(chance, np.ones_like(chance), threshold=0.5) == pytest.approx(expected, rel=0.03)


def test_sets_without_contrast_are_refused():
    with pytest.raises(ScanError, match="told apart"):
        correlation_distance(np.ones((2, 1, 8, 8)), np.ones((2, 1, 8, 8)))
    with pytest.raises(ScanError, match="no voxel of the real set"):
        correlation_distance(stripes(8), stripes(8), threshold=-1)
