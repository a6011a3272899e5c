import io

import numpy as np
import pytest

from synfine_monai.metrics import Interval
from synfine_monai.visualize import draw_sensitivity, rank_figure, rgn_and_dice_figure


def group(rgn: float, dice: float) -> dict:
    return {"rgn": (rgn, rgn / 2, 2 * rgn), "dice": Interval(dice, dice - 0.01, dice + 0.01)}


PANEL = {"down_0": group(4.0, 0.92), "up_0": group(1.0, 0.9), "head": {"dice": Interval(0.88, 0.87, 0.89)},
         "high": group(3.0, 0.93), "low": group(0.5, 0.85)}  # fmt: skip


def points(axes) -> list[float]:
    return [float(line.get_ydata()[0]) for line in axes.lines if line.get_marker() == "o"]


def test_bars_are_relative_to_the_largest_and_points_are_the_dice():
    bars, dice = rgn_and_dice_figure({"noise": PANEL}).axes
    assert [bar.get_height() for bar in bars.patches] == [1.0, 0.25, 0.75, 0.125]
    assert points(dice) == [0.92, 0.9, 0.88, 0.93, 0.85]
    assert bars.get_ylim()[0] == 0


def test_intervals_span_what_was_given():
    bars, dice = rgn_and_dice_figure({"noise": PANEL}).axes
    ends = [segment[:, 1].tolist() for bar in bars.collections for segment in bar.get_segments()]
    assert ends[0] == pytest.approx([0.5, 2.0])
    ends = [segment[:, 1].tolist() for bar in dice.collections for segment in bar.get_segments()]
    assert ends[0] == pytest.approx([0.91, 0.93])


def test_levels_stand_apart_from_blocks():
    bars, _ = rgn_and_dice_figure({"noise": PANEL}).axes
    assert [text.get_text() for text in bars.get_xticklabels()] == list(PANEL)
    assert bars.get_xticks().tolist() == pytest.approx([0, 1, 2, 3.6, 4.6])


def test_lines_are_drawn_in_their_panel_and_named_once():
    lines = {"noise": {"all layers": 0.91, "no fine-tuning": 0.83}, "blur": {"all layers": 0.89}}
    figure = rgn_and_dice_figure({"noise": PANEL, "blur": PANEL}, lines=lines)
    for axes, title in zip(figure.axes[2:], lines, strict=True):
        across = [float(line.get_ydata()[0]) for line in axes.lines if line.get_marker() == "None"]
        assert across == list(lines[title].values())
    assert [text.get_text() for text in figure.legends[0].texts][2:] == ["Dice, all layers", "Dice, no fine-tuning"]


def test_a_line_far_from_the_points_is_named_at_the_edge_instead():
    lines = {"noise": {"all layers": 0.91, "no fine-tuning": 0.3}}
    dice = rgn_and_dice_figure({"noise": PANEL}, lines=lines).axes[1]
    assert [float(line.get_ydata()[0]) for line in dice.lines if line.get_marker() == "None"] == [0.91]
    assert [text.get_text() for text in dice.texts] == ["no fine-tuning: 0.300 ↓"]
    assert dice.get_ylim()[0] > 0.7


def test_eight_panels_make_a_grid_and_seven_leave_no_empty_one():
    eight, seven = (rgn_and_dice_figure({f"shift {n}": PANEL for n in range(count)}) for count in (8, 7))
    assert (len(eight.axes), len(seven.axes)) == (16, 14)
    assert eight.axes[0].get_subplotspec().get_gridspec().get_geometry() == (2, 4)


def test_can_be_saved_where_nothing_responds():
    image = io.BytesIO()
    rgn_and_dice_figure({"noise": {"down_0": group(0.0, 0.9)}}).savefig(image, format="png")
    assert image.getvalue().startswith(b"\x89PNG")


def test_refuses_more_lines_than_styles():
    with pytest.raises(ValueError, match="at most 3"):
        rgn_and_dice_figure({"noise": PANEL}, lines={"noise": {str(n): 0.9 for n in range(4)}})


RANKS = {"last layer": [3, 3, 3, 2], "surgical fine-tuning": [1, 1, 1, 2], "all layers": [2, 2, 2, 1.5]}


@pytest.fixture
def axes():
    return rank_figure(RANKS, "ranks over 2 shifts and 2 seeds").axes[0]


def test_best_mean_rank_stands_on_top_with_its_number(axes):
    assert [text.get_text() for text in axes.get_yticklabels()] == ["surgical fine-tuning", "all layers", "last layer"]
    assert axes.yaxis_inverted()
    assert [text.get_text() for text in axes.texts] == ["1.25", "1.88", "2.75"]


def test_point_is_the_mean_and_bar_the_middle_half(axes):
    bar, point = axes.lines[:2]
    assert bar.get_xdata().tolist() == np.quantile([1, 1, 1, 2], [0.25, 0.75]).tolist()
    assert point.get_xdata().tolist() == [1.25]


def test_circles_grow_with_how_often_a_rank_was_taken(axes):
    often, once = axes.collections[0].get_sizes()
    assert axes.collections[0].get_offsets().tolist() == [[1, 0], [2, 0]]
    assert often == pytest.approx(3 * once)


def test_axis_says_what_a_rank_is_and_how_many_there_are(axes):
    assert axes.get_xlabel() == "rank (1 is best) over 4 comparisons"
    uneven = rank_figure({"Otsu": [2, 2], "all layers": [1, 1, 1]}).axes[0]
    assert uneven.get_xlabel() == "rank (1 is best) over 2 to 3 comparisons"


def test_refuses_a_method_without_ranks():
    with pytest.raises(ValueError, match="No ranks are given for Otsu"):
        rank_figure({"Otsu": [], "all layers": [1]})


@pytest.fixture
def sensitivity() -> dict:
    means = {"down_0": 4.0, "down_1": 1.0, "down_2": 0.5, "up_0": 2.0, "up_1": 3.0, "head": 20.0}
    levels = {"high": 3.5, "mid": 1.5, "low": 0.5}
    views = {
        view: {name: {"mean": mean, "min": mean / 2, "max": mean * 2} for name, mean in values.items()}
        for view, values in (("sequential", means), ("transversal", levels))
    }
    return {**views, "selected_block": "down_0", "selected_level": "high", "batches": 5}


def test_lines_and_shades_show_the_numbers(sensitivity):
    blocks, levels = draw_sensitivity(sensitivity).axes
    assert list(blocks.lines[0].get_ydata()) == [4.0, 1.0, 0.5, 2.0, 3.0]
    assert list(levels.lines[0].get_ydata()) == [3.5, 1.5, 0.5]
    shade = levels.collections[0].get_paths()[0].get_extents()
    assert (shade.ymin, shade.ymax) == (0.25, 7.0)
    assert "‖g‖" in blocks.get_ylabel()


def test_marks_the_highest_and_sets_the_head_apart(sensitivity):
    blocks, _ = draw_sensitivity(sensitivity).axes
    labels = [tick.get_text() for tick in blocks.get_xticklabels()]
    assert labels == ["down_0", "down_1", "down_2", "up_0", "up_1", "head\n(apart)"]
    marked = next(line for line in blocks.lines if line.get_label() == "highest mean")
    np.testing.assert_array_equal(marked.get_xydata(), [[0, 4.0]])


def test_zeros_can_be_drawn(sensitivity):
    sensitivity["transversal"]["low"] = {"mean": 0.0, "min": 0.0, "max": 0.0}
    image = io.BytesIO()
    draw_sensitivity(sensitivity).savefig(image, format="png")
    assert image.getvalue().startswith(b"\x89PNG")
