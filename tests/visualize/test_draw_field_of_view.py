import numpy as np
import pytest
from matplotlib.figure import Figure

from synfine_monai.visualize.field_of_view import draw_field_of_view, draw_scale_bar

IMAGE = np.random.default_rng(0).normal(100, 10, (200, 300))
FOV = np.zeros(IMAGE.shape, bool)
FOV[50:150, 75:225] = True


def test_the_outline_follows_the_mask_and_the_share_is_told():
    axes = Figure().subplots()
    draw_field_of_view(axes, IMAGE, FOV, title="core")
    (outline,) = (path for collection in axes.collections for path in collection.get_paths())
    assert outline.vertices.min(0) == pytest.approx([74.5, 49.5])
    assert outline.vertices.max(0) == pytest.approx([224.5, 149.5])
    assert "core (25.0% inside)" in axes.get_title()
    assert not axes.texts


def test_a_box_that_is_all_inside_is_outlined_at_its_border():
    axes = Figure().subplots()
    draw_field_of_view(axes, IMAGE, np.ones_like(FOV))
    assert axes.collections[0].get_paths()[0].vertices.min() == pytest.approx(-0.5)


@pytest.mark.parametrize(("pixel_um", "text"), [(1.0, "50 µm"), (6.0, "200 µm"), (40.0, "2 mm"), (0.05, "2 µm")])
def test_the_scale_bar_has_a_round_length(pixel_um, text):
    axes = Figure().subplots()
    draw_scale_bar(axes, 300, 200, pixel_um)
    assert axes.texts[0].get_text() == text
    number, unit = text.split()
    assert np.ptp(axes.lines[0].get_xdata()) * pixel_um == pytest.approx(float(number) * {"µm": 1, "mm": 1000}[unit])
