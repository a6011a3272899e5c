import numpy as np
import pytest
from matplotlib.figure import Figure

from synfine_monai.rock import PorosityProfile
from synfine_monai.visualize import draw_porosity_profile


@pytest.mark.parametrize(("slice_um", "label", "last"), [(500.0, "depth (mm)", 1.5), (None, "slice", 3)])
def test_axes_are_in_percent_and_in_what_is_known(slice_um, label, last):
    profile = PorosityProfile([1], slice_um, pore_voxels=[1, 0, 2, 5], voxels=[10, 0, 10, 10])
    axes = Figure().subplots()
    draw_porosity_profile(axes, profile)
    curve, total = axes.get_lines()
    np.testing.assert_allclose(curve.get_xdata(), [10, np.nan, 20, 50])
    assert curve.get_ydata()[-1] == last
    np.testing.assert_allclose(total.get_xdata(), 100 * 8 / 30)
    assert axes.get_ylabel() == label
    assert axes.yaxis_inverted()


def test_an_empty_core_can_be_drawn():
    draw_porosity_profile(Figure().subplots(), PorosityProfile([1], None, pore_voxels=[0, 0], voxels=[0, 0]))
