import numpy as np
import pytest

from synfine_monai.visualize import rank_figure

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
