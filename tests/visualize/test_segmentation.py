import numpy as np
import pytest
from matplotlib.figure import Figure

from synfine_monai.visualize import comparison_figure, save_segmentation_figure
from synfine_monai.visualize.phase_colors import class_colors
from synfine_monai.visualize.segmentation import ERROR_COLORS, draw_scale_bar, error_kinds, segmentation_figure

NAMES, PHASES, PORES = ("solid", "pore", "water"), (("matrix",), ("pore",), ("water",)), (1, 2)
FOV = np.hypot(*np.mgrid[-20:20, -24:24]) < 18
IMAGE = np.random.default_rng(0).normal(size=FOV.shape).astype(np.float32)
LABEL = np.where(FOV & (np.arange(48) > 10), np.arange(48) % 3, 255).astype(np.uint8)


def _texts(figure):
    return [text.get_text() for legend in figure.legends for text in legend.get_texts()]


def test_kinds_of_errors_are_told_apart():
    truth = np.array([255, 0, 1, 2, 0, 1, 2])
    found = np.array([1, 0, 1, 2, 1, 0, 1])
    words = ["not judged", *ERROR_COLORS]
    assert [words[kind + 1] for kind in error_kinds(found, truth, PORES)] == [
        "not judged", "right", "right", "right", "rock taken for pore", "pore taken for rock", "wrong kind",
    ]  # fmt: skip


def test_panels_say_in_words_what_they_show():
    prediction = np.where(LABEL == 255, 0, LABEL).astype(np.uint8)
    prediction[20, 24:26] = (prediction[20, 24:26] + 1) % 3
    figure = segmentation_figure(IMAGE, prediction, FOV, NAMES, PHASES, LABEL, PORES, (6.0, 6.0, 6.0), title="Rock")
    titles = [axes.get_title() for axes in figure.axes]
    share = 2 / (LABEL != 255).sum()
    assert titles == ["image", "truth (white: not labelled)", "prediction", f"errors: {share:.1%} of labelled voxels"]
    assert figure.get_suptitle() == "Rock"
    assert any("µm" in text.get_text() for text in figure.axes[0].texts)
    assert {*NAMES, "field of view", "right"} <= set(_texts(figure))


def test_nothing_is_shown_as_found_outside_the_core():
    figure = segmentation_figure(IMAGE, np.zeros_like(LABEL), FOV, NAMES, PHASES)
    shown = figure.axes[1].images[0].get_array()
    assert np.array_equal(~np.ma.getmaskarray(shown), FOV)


def test_without_truth_or_voxel_size_nothing_is_made_up():
    figure = segmentation_figure(IMAGE, np.zeros_like(LABEL), FOV, NAMES, PHASES)
    assert [axes.get_title() for axes in figure.axes] == ["image", "prediction"]
    assert not figure.axes[0].texts


def test_classes_have_the_colours_of_their_phases():
    figure = segmentation_figure(IMAGE, np.zeros_like(LABEL), FOV, NAMES, PHASES, LABEL, PORES)
    for panel in (figure.axes[1], figure.axes[2]):
        image = panel.images[0]
        assert image.cmap(image.norm(np.arange(3)))[:, :3] == pytest.approx(class_colors(PHASES))


def test_large_slices_are_thinned_and_written(tmp_path):
    big = np.kron(IMAGE, np.ones((64, 64), dtype=np.float32))
    fov, found = np.ones(big.shape, dtype=bool), np.zeros(big.shape, dtype=np.uint8)
    path = save_segmentation_figure(tmp_path / "slice.png", big, found, fov, NAMES, PHASES)
    assert path.read_bytes().startswith(b"\x89PNG")
    assert path.stat().st_size < 2_000_000
    assert list(tmp_path.iterdir()) == [path]


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


@pytest.mark.parametrize(("pixel_um", "text"), [(1.0, "50 µm"), (6.0, "200 µm"), (40.0, "2 mm"), (0.05, "2 µm")])
def test_the_scale_bar_has_a_round_length(pixel_um, text):
    axes = Figure().subplots()
    draw_scale_bar(axes, 300, 200, pixel_um)
    assert axes.texts[0].get_text() == text
    number, unit = text.split()
    assert np.ptp(axes.lines[0].get_xdata()) * pixel_um == pytest.approx(float(number) * {"µm": 1, "mm": 1000}[unit])
