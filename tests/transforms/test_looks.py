import numpy as np
import pytest
import torch
from scipy.ndimage import gaussian_filter

from synfine_monai.errors import ScanError
from synfine_monai.metrics import grey_level_distance, power_spectrum_distance
from synfine_monai.transforms import match_look


def blurred_noise(count: int, width: float, seed: int) -> torch.Tensor:
    noise = np.random.default_rng(seed).normal(size=(count, 1, 64, 64))
    noise = gaussian_filter(noise, (0, 0, width, width), mode="wrap")
    return torch.from_numpy(noise / noise.std()).float()


REAL = blurred_noise(40, 0.6, 0)
PAIRS = {"image": 2 * blurred_noise(60, 1.0, 1).half() + 1, "label": torch.ones(60, 1, 64, 64, dtype=torch.uint8)}


def test_grey_levels_match():
    matched = match_look(PAIRS, REAL, spectrum=False)["image"]
    assert grey_level_distance(REAL, matched) < 0.01 < 1 < grey_level_distance(REAL, PAIRS["image"])


def test_grey_levels_keep_their_order():
    matched = match_look(PAIRS, REAL, spectrum=False)["image"]
    order = PAIRS["image"].flatten().argsort()
    assert (matched.flatten()[order].float().diff() >= -1e-6).all()


def test_the_spectrum_matches():
    matched = match_look(PAIRS, REAL, histogram=False)["image"]
    assert power_spectrum_distance(REAL, matched) < 0.1 * power_spectrum_distance(REAL, PAIRS["image"])
    torch.testing.assert_close(matched.mean((1, 2, 3)), PAIRS["image"].mean((1, 2, 3)), atol=2e-3, rtol=0)


def test_both_at_once():
    matched = match_look(PAIRS, REAL)["image"]
    assert grey_level_distance(REAL, matched) < 0.01
    assert power_spectrum_distance(REAL, matched) < 0.3 * power_spectrum_distance(REAL, PAIRS["image"])


def test_labels_and_types_stay():
    matched = match_look(PAIRS, REAL)
    assert matched["label"] is PAIRS["label"]
    assert matched["image"].dtype == torch.float16
    assert matched["image"].shape == PAIRS["image"].shape


def test_a_set_that_matches_already_is_left_as_it_is():
    pairs = {"image": REAL.clone()}
    torch.testing.assert_close(match_look(pairs, REAL)["image"], REAL, atol=1e-4, rtol=0)
    assert torch.equal(match_look(pairs, REAL * 3, histogram=False, spectrum=False)["image"], REAL)


def test_sizes_must_agree():
    with pytest.raises(ScanError, match="cannot be matched"):
        match_look(PAIRS, REAL[..., :32, :32])
