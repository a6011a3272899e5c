import numpy as np

from synfine_monai.baselines import multiscale_features
from synfine_monai.baselines.random_forest import features_of_rows


def test_bands_of_rows_give_the_features_of_the_whole_slice(monkeypatch):
    monkeypatch.setattr(multiscale_features, "_BAND", 60)
    image = np.random.default_rng(0).normal(size=(250, 40)).astype(np.float32)
    bands = list(features_of_rows(image))
    assert [rows.start for rows, _ in bands] == [0, 60, 120, 180, 240]
    whole = multiscale_features.multiscale_features(image)
    assert whole.shape == (250, 40, 24)
    assert np.array_equal(np.concatenate([features for _, features in bands]), whole)


def test_a_voxel_sees_its_surroundings_and_not_the_far_side():
    image = np.zeros((200, 40), dtype=np.float32)
    image[100, 20] = 1.0
    seen = np.abs(multiscale_features.multiscale_features(image)).max(axis=(1, 2)) > 0
    assert seen[60:140].all()
    assert not seen[:30].any()
    assert not seen[170:].any()
