import numpy as np
import pytest

from synfine_monai.visualize import save_segmentation_figure
from synfine_monai.visualize.phase_colors import class_colors
from synfine_monai.visualize.segmentation import ERROR_COLORS, error_kinds, segmentation_figure

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
