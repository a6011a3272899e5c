import pytest

from synfine_monai.baselines.otsu import classes_from_dark_to_bright
from synfine_monai.errors import ScanError


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
