import pytest

from synfine_monai.visualize import comparison_figure

WORDS = {"surgical": "surgical fine-tuning", "all": "all layers", "otsu": "Otsu"}
TITLES = {"pore_dice": "Pore Dice", "porosity_error": "Porosity error (points)"}
SCORES = {
    "pore_dice": {"surgical": (0.93, 0.92, 0.935), "otsu": (0.87,)},
    "porosity_error": {"surgical": (0.3, 0.2, 0.5), "all": (0.4, 0.3, 0.6), "otsu": (1.4, 1.2, 1.6)},
}


@pytest.fixture
def panels():
    return comparison_figure(SCORES, WORDS, TITLES, "concrete").axes


def test_methods_stand_in_order_from_the_top_with_their_numbers(panels):
    assert [text.get_text() for text in panels[0].get_yticklabels()] == list(WORDS.values())
    assert panels[0].yaxis_inverted()
    assert [text.get_text() for text in panels[0].texts] == ["0.930", "0.870"]
    assert [text.get_text() for text in panels[1].texts] == ["0.30", "0.40", "1.40"]


def test_bars_start_at_zero_and_a_cut_axis_has_none(panels):
    dice, error = panels
    assert dice.get_xlim()[0] > 0
    assert not dice.patches
    assert error.get_xlim()[0] == 0
    assert [bar.get_width() for bar in error.patches] == pytest.approx([0.3, 0.4, 1.4])


def test_intervals_span_what_was_given(panels):
    ends = [segment[:, 0].tolist() for bars in panels[1].collections for segment in bars.get_segments()]
    assert ends == [pytest.approx(pair) for pair in ([0.2, 0.5], [0.3, 0.6], [1.2, 1.6])]


def test_nothing_is_drawn_outside_the_axes(panels):
    for axes, key in zip(panels, TITLES, strict=True):
        left, right = axes.get_xlim()
        assert all(left <= end <= right for values in SCORES[key].values() for end in values)


def test_axes_say_what_they_measure(panels):
    assert [axes.get_xlabel() for axes in panels] == list(TITLES.values())
