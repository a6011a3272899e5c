import pytest

from synfine_monai.visualize import gains_figure

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
