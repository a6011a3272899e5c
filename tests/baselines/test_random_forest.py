from dataclasses import replace

import numpy as np
import pytest

from synfine_monai.baselines import random_forest
from synfine_monai.baselines.grey_level import LookupBaseline
from synfine_monai.baselines.random_forest import RandomForestBaseline, features_of_rows


@pytest.fixture
def noisy(labelled_slice):
    train = labelled_slice((1.0, 0.0), seed=1, noise=0.6, patches=[(0, 0), (0, 50), (50, 0)])
    return train, labelled_slice((1.0, 0.0), seed=2, noise=0.6)


def test_context_beats_grey_values_where_noise_is_strong(noisy):
    train, test = noisy
    forest = RandomForestBaseline(trees=20).fit([train]).predict(test.image, test.fov)
    lookup = LookupBaseline(2).fit([train]).predict(test.image, test.fov)
    assert (forest == test.label).mean() > 0.88
    assert (forest == test.label).mean() > (lookup == test.label).mean() + 0.05


def test_repeats_by_seed_on_any_number_of_threads(noisy, monkeypatch):
    train, test = noisy
    first = RandomForestBaseline(seed=3, trees=10).fit([train]).predict(test.image, test.fov)
    monkeypatch.setattr(random_forest, "_CHUNK", 700)
    again = RandomForestBaseline(seed=3, trees=10).fit([train]).predict(test.image, test.fov)
    other = RandomForestBaseline(seed=4, trees=10).fit([train]).predict(test.image, test.fov)
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_balanced_classes_weigh_the_same_however_few_their_labels_and_that_is_stored(noisy):
    train, test = noisy
    few = train.label.copy()
    rare = np.flatnonzero(few.ravel() == 1)
    few.ravel()[rare[len(rare) // 20 :]] = 255
    train = replace(train, label=few)
    found = {b: RandomForestBaseline(trees=20, balanced=b).fit([train]) for b in (False, True)}
    share = {b: (forest.predict(test.image, test.fov) == 1).mean() for b, forest in found.items()}
    assert share[True] != share[False]
    again = RandomForestBaseline.from_arrays(found[True].arrays())
    assert again.balanced
    assert (again.predict(test.image, test.fov) == 1).mean() == share[True]


def test_many_labels_are_thinned_out(noisy, monkeypatch):
    monkeypatch.setattr(random_forest, "_MOST_VOXELS", 500)
    forest = RandomForestBaseline(trees=2).fit(noisy[:1])
    assert forest.features.shape == (500, 24)
    assert forest.labels.shape == (500,)


def test_only_the_core_is_classified(labelled_slice):
    disc = np.hypot(*np.mgrid[-48:48, -48:48]) < 40
    rock = labelled_slice((1.0, 0.0), fov=disc)
    prediction = RandomForestBaseline(trees=2).fit([rock]).predict(rock.image, rock.fov)
    assert np.array_equal(prediction != 255, disc)


def test_nothing_in_view_is_nothing_found(labelled_slice):
    rock = labelled_slice((1.0, 0.0))
    forest = RandomForestBaseline(trees=2).fit([rock])
    assert (forest.predict(rock.image, np.zeros_like(rock.fov)) == 255).all()


def test_a_class_that_was_never_labelled_keeps_the_numbers_of_the_others(labelled_slice):
    rock = labelled_slice((0.0, 0.0, 1.0))
    rock.label[rock.label == 1] = 0
    prediction = RandomForestBaseline(trees=5).fit([rock]).predict(rock.image, rock.fov)
    assert set(np.unique(prediction)) == {0, 2}


def test_bands_of_rows_give_the_features_of_the_whole_slice(monkeypatch):
    monkeypatch.setattr(random_forest, "_BAND", 60)
    image = np.random.default_rng(0).normal(size=(250, 40)).astype(np.float32)
    bands = list(features_of_rows(image))
    assert [rows.start for rows, _ in bands] == [0, 60, 120, 180, 240]
    whole = random_forest.multiscale_features(image)
    assert whole.shape == (250, 40, 24)
    assert np.array_equal(np.concatenate([features for _, features in bands]), whole)


def test_a_voxel_sees_its_surroundings_and_not_the_far_side():
    image = np.zeros((200, 40), dtype=np.float32)
    image[100, 20] = 1.0
    seen = np.abs(random_forest.multiscale_features(image)).max(axis=(1, 2)) > 0
    assert seen[60:140].all()
    assert not seen[:30].any()
    assert not seen[170:].any()
