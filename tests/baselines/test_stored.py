import numpy as np
import pytest
from sklearn.metrics import f1_score

from synfine_monai.baselines import load_baselines
from synfine_monai.baselines.grey_level import (
    LookupBaseline,
    ThresholdBaseline,
    best_pore_threshold,
    most_frequent_class,
)
from synfine_monai.baselines.stored import BASELINES, fit_baselines, save_baselines
from synfine_monai.errors import ScanError

NAMES, PHASES, PORES = ("solid", "air", "water"), (("matrix",), ("pore",), ("water",)), (1, 2)


@pytest.fixture
def rock(labelled_slice):
    return labelled_slice((1.0, 0.0, 0.5), patches=[(0, 0), (60, 60)])


def test_all_are_fitted_and_predict_the_same_after_a_round_trip(rock, tmp_path):
    fitted = fit_baselines([rock], NAMES, PHASES, PORES, seed=1)
    assert list(fitted) == list(BASELINES) == ["otsu", "threshold", "lookup", "random_forest"]
    save_baselines(fitted, tmp_path / "baselines")
    loaded = load_baselines(tmp_path / "baselines")
    assert list(loaded) == list(fitted)
    for name, baseline in fitted.items():
        before, after = (b.predict(rock.image, rock.fov) for b in (baseline, loaded[name]))
        assert before.dtype == np.uint8
        assert set(np.unique(before)) <= {0, 1, 2}
        assert np.array_equal(before, after), name


def test_a_run_without_baselines_has_none(tmp_path):
    assert load_baselines(tmp_path / "nowhere") == {}


def test_a_garbled_file_is_named(rock, tmp_path):
    save_baselines(fit_baselines([rock], NAMES, PHASES, PORES), tmp_path)
    file = tmp_path / "lookup.npz"
    file.write_bytes(file.read_bytes()[:100])
    with pytest.raises(ScanError, match=r"lookup\.npz is not a stored lookup baseline"):
        load_baselines(tmp_path)


def test_pickles_are_refused(tmp_path):
    np.savez(tmp_path / "otsu.npz", classes=np.array([{"any": "object"}], dtype=object), thresholds=np.zeros(1))
    with pytest.raises(ScanError, match="not a stored otsu baseline"):
        load_baselines(tmp_path)


def test_classes_may_lie_in_any_order_of_grey_and_on_both_sides_of_another(labelled_slice):
    rock = labelled_slice((0.0, 1.0, 2.0, 3.0), noise=0.05)
    rock.label[rock.label == 3] = 0  # the darkest and the brightest are one class: no threshold can say this
    baseline = LookupBaseline(3).fit([rock])
    assert (baseline.predict(rock.image, rock.fov) == rock.label).mean() > 0.99


def test_levels_beyond_the_training_take_the_class_of_the_outermost_bin(labelled_slice):
    baseline = LookupBaseline(2).fit([labelled_slice((1.0, 0.0))])
    assert baseline.predict(np.array([[-100.0, 100.0]], dtype=np.float32)).tolist() == [[1, 0]]


def test_an_empty_bin_takes_the_class_of_the_nearest_filled_one():
    counts = np.array([[9, 0, 0, 0, 0, 0], [0, 0, 0, 0, 0, 4]])
    assert most_frequent_class(counts).tolist() == [0, 0, 0, 1, 1, 1]


def test_where_grey_levels_overlap_the_boundary_is_the_likelihoods(labelled_slice):
    rock = labelled_slice((0.0, 1.0), noise=0.3, size=256)
    baseline = LookupBaseline(2).fit([rock])
    levels = np.linspace(0.0, 1.0, 1001, dtype=np.float32)
    boundary = levels[np.argmax(baseline.predict(levels[None])[0])]
    assert boundary == pytest.approx(0.5, abs=0.06)


def test_no_other_threshold_has_a_higher_dice():
    rng = np.random.default_rng(0)
    is_pore = rng.random(500) < 0.1
    levels = rng.normal(np.where(is_pore, 0.0, 1.0), 0.5).round(2)
    found = best_pore_threshold(levels, is_pore)
    dice = {t: f1_score(is_pore, levels < t, zero_division=0) for t in np.arange(-1, 2, 0.02) + 0.005}
    assert f1_score(is_pore, levels < found) >= max(dice.values())


def test_lies_halfway_between_separated_classes():
    levels, is_pore = np.array([0.0, 0.2, 0.6, 1.0]), np.array([True, True, False, False])
    assert best_pore_threshold(levels, is_pore) == pytest.approx(0.4)


@pytest.mark.parametrize(("is_pore", "darker"), [(False, 0), (True, 3)])
def test_labels_of_one_kind_only_put_it_beside_all_voxels(is_pore, darker):
    levels = np.array([1.0, 2.0, 3.0])
    assert (levels < best_pore_threshold(levels, np.full(3, is_pore))).sum() == darker


def test_only_labelled_patches_are_learned_from(labelled_slice):
    rock = labelled_slice((1.0, 0.0), patches=[(0, 0), (50, 50)])
    before = ThresholdBaseline(2, (1,)).fit([rock]).threshold
    rock.image[rock.label == 255] += 5.0
    assert ThresholdBaseline(2, (1,)).fit([rock]).threshold == before


def test_more_classes_are_told_apart_on_their_side_of_the_threshold(labelled_slice):
    rock = labelled_slice((1.0, 0.0, 0.4, 2.0), noise=0.05)
    baseline = ThresholdBaseline(4, (1, 2)).fit([rock])
    assert 0.5 < baseline.threshold < 0.9
    assert (baseline.predict(rock.image, rock.fov) == rock.label).mean() > 0.99


def test_refuses_slices_without_labels(labelled_slice):
    with pytest.raises(ScanError, match="hold only 255"):
        ThresholdBaseline(2, (1,)).fit([labelled_slice((1.0, 0.0), patches=[])])
