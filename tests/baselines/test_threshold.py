import numpy as np
import pytest
from sklearn.metrics import f1_score

from synfine_monai.baselines.threshold import ThresholdBaseline, best_pore_threshold
from synfine_monai.errors import ScanError


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
