import io

import pytest

from synfine_monai.metrics import Interval
from synfine_monai.visualize import gains_figure, label_efficiency_figure

CURVES = {
    "carbonate": {
        "surgical fine-tuning": {
            4: Interval(0.85, 0.8, 0.9),
            1: Interval(0.8, 0.7, 0.85),
            685: Interval(0.9, 0.9, 0.9),
        },
        "random forest": {1: Interval(0.5, 0.4, 0.6), 4: Interval(0.6, 0.55, 0.65)},
    },
    "concrete": {"random forest": {1: Interval(0.7, 0.6, 0.8), 256: Interval(0.8, 0.7, 0.9), 300: (0.8, 0.7, 0.9)}},
}


@pytest.fixture
def figure():
    return label_efficiency_figure(CURVES, "Dice", "labels")


def test_lines_and_bands_show_the_numbers_in_order_of_patches(figure):
    carbonate = figure.axes[0]
    assert carbonate.lines[0].get_xydata().tolist() == [[1, 0.8], [4, 0.85], [685, 0.9]]
    band = carbonate.collections[0].get_paths()[0].get_extents()
    assert (band.ymin, band.ymax) == (0.7, 0.9)


def test_patches_stand_on_a_doubling_axis_under_their_true_numbers(figure):
    carbonate = figure.axes[0]
    assert carbonate.get_xscale() == "log"
    assert carbonate.get_xticks().tolist() == [1, 4, 685]
    assert [text.get_text() for text in carbonate.get_xticklabels()] == ["1", "4", "all (685)"]


def test_names_never_cover_each_other(figure):
    assert [text.get_text() for text in figure.axes[1].get_xticklabels()] == ["1", "", "all (300)"]


def test_a_method_keeps_its_colour_and_is_named_once(figure):
    carbonate, concrete = figure.axes
    assert concrete.lines[0].get_color() == carbonate.lines[1].get_color()
    assert carbonate.lines[0].get_color() != carbonate.lines[1].get_color()
    assert [text.get_text() for text in figure.legends[0].texts] == ["surgical fine-tuning", "random forest"]


def test_says_what_is_drawn(figure):
    assert [axes.get_title() for axes in figure.axes] == list(CURVES)
    assert figure.axes[0].get_ylabel() == "Dice"
    assert "64×64" in figure.axes[1].get_xlabel()


def test_can_be_saved(figure):
    image = io.BytesIO()
    figure.savefig(image, format="png")
    assert image.getvalue().startswith(b"\x89PNG")


def test_refuses_zero_patches():
    with pytest.raises(ValueError, match="0 labelled 64×64 patches"):
        label_efficiency_figure({"carbonate": {"as shipped": {0: (0.8, 0.7, 0.9)}}}, "Dice")


def test_refuses_more_methods_than_colours():
    with pytest.raises(ValueError, match="at most 8"):
        label_efficiency_figure({"carbonate": {str(n): {1: (0.8, 0.7, 0.9)} for n in range(9)}}, "Dice")


GAINS = {
    "berea": {"bridged": {"4": (0.02, 0.01, 0.03), "16": (0.0, -0.01, 0.01)}, "mixed": {"4": (-0.01, -0.02, 0.0)}},
    "concrete": {"mixed": {"16": (0.01, 0.0, 0.02)}},
}


def test_every_arm_has_its_line_and_every_number_of_patches_its_dots(tmp_path):
    figure = gains_figure(GAINS, "fine-tuning alone")
    first, second = figure.axes
    assert [label.get_text() for label in first.get_yticklabels()] == ["bridged", "mixed"]
    assert sum(len(container.lines[0].get_xdata()) for container in first.containers) == 3
    assert sum(len(container.lines[0].get_xdata()) for container in second.containers) == 1
    assert first.get_ylim()[0] > first.get_ylim()[1]  # the first arm is on top
    assert "fine-tuning alone" in figure.get_suptitle()
    figure.savefig(tmp_path / "gains.png")


def test_dots_lie_at_the_difference_with_their_interval():
    (axes,) = gains_figure({"berea": {"bridged": {"4": (0.02, 0.005, 0.03)}}}, "x").axes
    (container,) = axes.containers
    assert container.lines[0].get_xdata() == pytest.approx([0.02])
    (whisker,) = container.lines[2][0].get_segments()
    assert whisker[:, 0] == pytest.approx([0.005, 0.03])


def test_refuses_more_numbers_of_patches_than_colours():
    with pytest.raises(ValueError, match="6 numbers of patches"):
        gains_figure({"berea": {"bridged": {str(n): (0, 0, 0) for n in range(6)}}}, "x")
