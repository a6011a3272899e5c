import numpy as np
import pytest

from synfine_monai.baselines.otsu import OtsuBaseline, classes_from_dark_to_bright
from synfine_monai.errors import ScanError

DISC = np.hypot(*np.mgrid[-48:48, -48:48]) < 44


@pytest.mark.parametrize(
    ("phases", "greys"),
    [
        ((("matrix",), ("pore",)), (1.0, 0.0)),
        ((("matrix",), ("pore",), ("water",)), (1.0, 0.0, 0.5)),
        ((("pore",), ("clay",), ("matrix",), ("dense",)), (0.0, 0.5, 1.0, 2.0)),
    ],
)
def test_well_separated_grey_levels_are_found_without_labels(labelled_slice, phases, greys):
    rock = labelled_slice(greys, noise=0.05)
    prediction = OtsuBaseline(phases).fit([rock]).predict(rock.image, rock.fov)
    assert (prediction == rock.label).mean() > 0.995


def test_threshold_of_two_equal_peaks_lies_between_them(labelled_slice):
    baseline = OtsuBaseline((("matrix",), ("pore",))).fit([labelled_slice((1.0, 0.0), noise=0.1)])
    assert baseline.thresholds == pytest.approx([0.5], abs=0.15)


def test_what_lies_outside_the_core_does_not_move_the_threshold(labelled_slice):
    rock = labelled_slice((1.0, 0.0), fov=DISC)
    baseline = OtsuBaseline((("matrix",), ("pore",))).fit([rock])
    assert 0.2 < baseline.thresholds[0] < 0.8
    prediction = baseline.predict(rock.image, rock.fov)
    assert (prediction[~DISC] == 255).all()
    assert (prediction[DISC] != 255).all()


def test_a_few_voxels_of_metal_do_not_move_the_threshold(labelled_slice):
    rock = labelled_slice((1.0, 0.0))
    rock.image[0, :20] = 1000.0
    assert 0.2 < OtsuBaseline((("matrix",), ("pore",))).fit([rock]).thresholds[0] < 0.8


def test_refuses_a_constant_image(labelled_slice):
    rock = labelled_slice((1.0, 1.0), noise=0)
    with pytest.raises(ScanError, match="all in-core voxels have the grey level 1"):
        OtsuBaseline((("matrix",), ("pore",))).fit([rock])


def test_refuses_fewer_grey_levels_than_classes(labelled_slice):
    rock = labelled_slice((1.0, 0.0), noise=0)
    with pytest.raises(ScanError, match="3 grey levels for 3 classes, but found 2"):
        OtsuBaseline((("matrix",), ("pore",), ("water",))).fit([rock])


def test_refuses_an_empty_field_of_view(labelled_slice):
    rock = labelled_slice((1.0, 0.0), fov=np.zeros((96, 96), dtype=bool))
    with pytest.raises(ScanError, match="no voxel of its slices lies inside"):
        OtsuBaseline((("matrix",), ("pore",))).fit([rock])


@pytest.mark.parametrize(
    ("phases", "order"),
    [
        ((("pore",), ("clay",), ("matrix",), ("dense",)), [0, 1, 2, 3]),
        ((("matrix",), ("pore",), ("water",)), [1, 2, 0]),
        ((("clay", "matrix", "dense"), ("pore", "water")), [1, 0]),
        ((("matrix",), ("matrix",), ("pore",)), [2, 0, 1]),
    ],
)
def test_classes_are_sorted_by_the_attenuation_of_their_phases(phases, order):
    assert classes_from_dark_to_bright(phases).tolist() == order


def test_refuses_an_unknown_phase():
    with pytest.raises(ScanError, match="Class 1 covers honey, but phases are pore, water"):
        classes_from_dark_to_bright((("pore",), ("honey",)))


def test_refuses_a_class_without_phases():
    with pytest.raises(ScanError, match="Class 0 covers nothing"):
        classes_from_dark_to_bright(((), ("pore",)))
