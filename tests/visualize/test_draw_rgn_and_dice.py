import io

import pytest

from synfine_monai.metrics import Interval
from synfine_monai.visualize import rgn_and_dice_figure


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
