import numpy as np
import pytest
import torch
from torch.nn.functional import interpolate

from synfine_monai.baselines.pixel_classifier import PixelClassifier, keep_class_shares


def two_rings(count=2000, seed=0):
    """Pixels whose class is how far their first two features lie from the origin; the third says nothing."""
    features = np.random.default_rng(seed).normal(size=(count, 3)).astype(np.float32) * (1.0, 50.0, 1.0) + (0, 200, 7)
    far = np.hypot(features[:, 0], (features[:, 1] - 200) / 50) > 1.18
    return features.astype(np.float32), np.where(far, 3, 1).astype(np.uint8)


def as_map(features):
    return [torch.from_numpy(features.T.reshape(1, 3, 40, -1).copy())]


@pytest.fixture
def classifier():
    return PixelClassifier(hidden=(16, 8), members=3, seed=1, epochs=40).fit(*two_rings())


def test_learns_what_no_line_divides_whatever_the_scale_of_a_feature(classifier):
    features, labels = two_rings(seed=5)
    found = classifier.classify(as_map(features), (40, 50))
    assert found.dtype == np.uint8
    assert (found.ravel() == labels).mean() > 0.93


def test_enlarging_after_the_first_layer_is_enlarging_the_features(classifier):
    low, high = torch.randn(1, 2, 6, 5) * 30 + 100, torch.randn(1, 1, 24, 20)
    enlarged = [interpolate(low, (24, 20), mode="bilinear", align_corners=False), high]
    for member in range(3):
        together = classifier._logits(member, [torch.cat(enlarged, dim=1)], (24, 20))
        assert torch.allclose(classifier._logits(member, [low, high], (24, 20)), together, atol=1e-3)


@pytest.mark.parametrize("classes", [2, 3])
def test_probabilities_are_those_of_scikit_learn(classes):
    features, labels = two_rings()
    labels[features[:, 0] > 1] = classes
    classifier = PixelClassifier((16, 8), members=1, seed=2, epochs=5)
    trained = []
    build = classifier._perceptron
    classifier._perceptron = lambda seed: trained.append(build(seed)) or trained[0]
    classifier.fit(features, labels)
    scaled = (features - features.mean(axis=0, dtype=np.float64)) / features.std(axis=0, dtype=np.float64)
    scaled[:, [0, 2]] *= features.std(axis=0)[[0, 2]] / (0.1 * features.std(axis=0).mean())
    expected = trained[0].predict_proba(scaled.astype(np.float32))
    found = classifier._logits(0, as_map(features), (40, 50)).softmax(dim=1)[0].reshape(expected.shape[1], -1).T
    assert np.allclose(found, expected, atol=1e-4)


def test_a_feature_that_never_varied_does_no_harm():
    features, labels = two_rings()
    features[:, 2] = 7.0
    classifier = PixelClassifier((16, 8), members=1, epochs=40).fit(features, labels)
    assert (classifier.classify(as_map(features), (40, 50)).ravel() == labels).mean() > 0.9


def test_a_class_alone_is_found_everywhere():
    classifier = PixelClassifier().fit(two_rings()[0], np.full(2000, 2, np.uint8))
    again = PixelClassifier.from_arrays(classifier.arrays())
    assert (again.classify([torch.zeros(1, 3, 4, 4)], (8, 8)) == 2).all()


def test_the_same_seed_learns_the_same(classifier):
    again = PixelClassifier((16, 8), members=3, seed=1, epochs=40).fit(*two_rings())
    other = PixelClassifier((16, 8), members=3, seed=2, epochs=40).fit(*two_rings())
    assert all(np.array_equal(again.arrays()[name], array) for name, array in classifier.arrays().items())
    assert not np.array_equal(other.weights[0], classifier.weights[0])
    assert not np.array_equal(classifier.weights[0][0], classifier.weights[0][1])  # members differ


def test_plain_arrays_hold_all_that_it_knows(classifier):
    arrays = classifier.arrays()
    assert {name: array.shape for name, array in arrays.items()} == {
        "classes": (2,), "weights_0": (3, 3, 16), "weights_1": (3, 16, 8), "weights_2": (3, 8, 2),
        "biases_0": (3, 16), "biases_1": (3, 8), "biases_2": (3, 2),
    }  # fmt: skip
    seen = as_map(two_rings(seed=9)[0])
    again = PixelClassifier.from_arrays(arrays)
    assert np.array_equal(again.classify(seen, (40, 50)), classifier.classify(seen, (40, 50)))


def test_classes_keep_their_shares():
    labels = np.random.default_rng(0).choice(3, 10_000, p=[0.9, 0.08, 0.02]).astype(np.uint8)
    kept = keep_class_shares(labels, 500, np.random.default_rng(1))
    assert kept.sum() == 500
    assert np.bincount(labels[kept]) == pytest.approx(np.bincount(labels) / 20, abs=1)
    assert 0.4 < np.flatnonzero(kept).mean() / len(labels) < 0.6


def test_few_pixels_are_all_kept():
    assert keep_class_shares(np.array([0, 1, 1], np.uint8), 500, np.random.default_rng(0)).all()
