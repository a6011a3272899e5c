import numpy as np
import pytest

from synfine_monai.visualize import looks_figure

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
