import numpy as np
import pytest

from synfine_monai.baselines.lookup import LookupBaseline, most_frequent_class


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
