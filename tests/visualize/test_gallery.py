from itertools import combinations

import numpy as np
import pytest
from matplotlib.colors import to_rgb

from synfine_monai.visualize import gallery_figure, looks_figure
from synfine_monai.visualize.phase_colors import PHASE_COLORS, class_colormap, class_colors


def test_each_kind_has_a_row_of_images_and_one_of_labels(tmp_path):
    rng = np.random.default_rng(0)
    images, labels = rng.normal(size=(3, 16, 16)), rng.integers(0, 2, (3, 16, 16)).astype(np.uint8)
    labels[0, :4] = 255
    kinds = [("real", images, labels), ("synthetic", images[:2], labels[:2])]
    figure = gallery_figure(kinds, ("solid", "pore"), (("matrix",), ("pore",)), "Berea")
    assert sum(len(axes.images) for axes in figure.axes) == 2 * (3 + 2)
    assert figure.get_suptitle() == "Berea"
    figure.savefig(tmp_path / "gallery.png")


def test_a_kind_without_labels_has_images_alone():
    images = np.random.default_rng(0).normal(size=(3, 16, 16))
    masks = np.zeros((3, 16, 16), np.uint8)
    figure = gallery_figure([("real", images, None), ("made", images, masks)], ("solid",), (("matrix",),), "Berea")
    assert sum(len(axes.images) for axes in figure.axes) == 3 * 3


RNG = np.random.default_rng(0)
SETS = {"real": RNG.normal(size=(12, 16, 16)), "made": RNG.normal(size=(3, 16, 16))}
SPECTRA = {name: np.zeros(8) for name in SETS}


def test_rows_of_patches_on_one_scale_and_a_curve_for_each_set(tmp_path):
    figure = looks_figure(SETS, SPECTRA, "Berea", shown=5)
    panels = [axes for axes in figure.axes if axes.images]
    assert len(panels) == 5 + 3
    assert len({axes.images[0].get_clim() for axes in panels}) == 1
    levels, spectrum = figure.axes[-2:]
    assert len(levels.patches) == len(spectrum.lines) == 2
    assert "grey level" in levels.get_xlabel()
    assert spectrum.get_xlabel() == "cycles in 16 voxels"
    figure.savefig(tmp_path / "looks.png")


def test_too_many_sets_are_refused():
    with pytest.raises(ValueError, match="7 sets"):
        looks_figure({str(k): SETS["made"] for k in range(7)}, {}, "")


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
