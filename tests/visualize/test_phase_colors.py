from itertools import combinations

import numpy as np
import pytest
from matplotlib.colors import to_rgb

from synfine_monai.visualize.phase_colors import PHASE_COLORS, class_colormap, class_colors


def test_every_phase_has_a_colour_of_its_own():
    assert set(PHASE_COLORS) == {"matrix", "pore", "water", "clay", "dense"}
    colors = [np.array(to_rgb(color)) for color in PHASE_COLORS.values()]
    assert min(np.linalg.norm(a - b) for a, b in combinations(colors, 2)) > 0.3


def test_classes_take_the_colours_of_their_phases_in_class_order():
    colors = class_colors([("matrix",), ("pore", "water")])
    assert np.allclose(colors[0], to_rgb(PHASE_COLORS["matrix"]))
    assert np.allclose(colors[1], (np.array(to_rgb(PHASE_COLORS["pore"])) + to_rgb(PHASE_COLORS["water"])) / 2)
    assert class_colormap([("matrix",), ("pore",), ()]).N == 3


def test_unlabelled_is_clear():
    shown = class_colormap([("matrix",), ("pore",)])(np.ma.masked_equal([0, 255], 255))
    assert shown[0, 3] == 1
    assert shown[1, 3] == 0


def test_an_unknown_phase_is_refused():
    with pytest.raises(ValueError, match="'gold'"):
        class_colors([("gold",)])
