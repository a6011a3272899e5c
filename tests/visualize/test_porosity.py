import numpy as np
import pytest
from matplotlib.figure import Figure

from synfine_monai.rock import PorosityProfile
from synfine_monai.visualize import draw_connected_porosity, draw_porosity_profile


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


SHARES = {
    "porosity": np.array([0.3, np.nan, 0.2]),
    "connected": np.array([0.25, np.nan, 0.2]),
    "isolated": np.array([0.01, np.nan, 0.0]),
}


@pytest.mark.parametrize(("depths", "label", "last"), [(np.arange(3) * 500.0, "depth (mm)", 1.0), (None, "slice", 2)])
def test_three_named_lines_in_percent_and_in_what_is_known(depths, label, last):
    axes = Figure().subplots()
    draw_connected_porosity(axes, SHARES, depths)
    assert [line.get_label() for line in axes.get_lines()] == ["total", "connected along z", "isolated"]
    for line, values in zip(axes.get_lines(), SHARES.values(), strict=True):
        np.testing.assert_allclose(line.get_xdata(), 100 * values)
        assert line.get_ydata()[-1] == last
    assert axes.get_ylabel() == label
    assert axes.yaxis_inverted()
    assert axes.get_xlim() == pytest.approx((0, 34.5))


def test_an_empty_core_can_be_drawn_by_its_connections():
    draw_connected_porosity(Figure().subplots(), dict.fromkeys(SHARES, np.full(3, np.nan)))
