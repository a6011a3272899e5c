import numpy as np
import pytest

from synfine_monai.metrics import patch_features, real_or_synthetic_auc


def noise(count, strength, seed):
    return np.random.default_rng(seed).normal(0, strength, (count, 32, 32)).astype(np.float32)


def test_patches_alike_cannot_be_told_apart():
    assert real_or_synthetic_auc(noise(200, 1, 0), noise(200, 1, 1)) == pytest.approx(0.5, abs=0.12)


def test_patches_of_another_noise_can():
    assert real_or_synthetic_auc(noise(60, 1, 0), noise(60, 1.3, 1)) > 0.99


def test_features_are_finite_for_constant_masks():
    features = patch_features(np.zeros((3, 32, 32), bool))
    assert features.shape == (3, 23)
    assert np.isfinite(features).all()


def test_refuses_too_few():
    with pytest.raises(ValueError, match="3 real and 9 synthetic"):
        real_or_synthetic_auc(noise(3, 1, 0), noise(9, 1, 1))
