import numpy as np
import pytest

from synfine_monai.errors import ScanError
from synfine_monai.transforms.generate import build_parts, knobs, load_rock, middle, rock_names, turn_knobs

SMALL = {
    "structure": [{"part": "RandGrains", "shapes": ["box", "ellipsoid"], "cell": [16, 64], "porosity": [0.1, 0.3]}],
    "appearance": [
        {"part": "RandPaint", "grey": {"matrix": 1.0, "pore": [-0.1, 0.1]}, "texture_length": [1.0, 4.0]},
        {"prob": 0.7, "together": [{"corrupt": "PartialVolume", "ranges": {"width": [0.5, 2.0]}, "prob": 1.0}]},
        {"part": "RandLabelBoundary", "at": [0.4, 0.6], "prob": 0.5},
    ],
    "normalisation_jitter": {"gain": [0.5, 2.0], "offset": [-0.2, 0.2]},
}
NAMES = [
    "appearance/0/grey/pore",
    "appearance/0/texture_length",
    "appearance/1/prob",
    "appearance/1/together/0/ranges/width",
    "normalisation_jitter/gain",
    "normalisation_jitter/offset",
]


def test_ranges_and_chances_are_knobs_and_words_numbers_and_labels_are_none():
    assert [str(knob) for knob in knobs(SMALL)] == NAMES
    assert [str(k) for k in knobs(SMALL, geometry=True)] == ["structure/0/cell", "structure/0/porosity", *NAMES]


def test_the_middle_of_a_preset():
    np.testing.assert_array_equal(middle(knobs(SMALL), SMALL), [0.5, 0.5, 0.7, 0.5, 0.5, 0.5])


def test_values_lie_between_the_ends_as_the_parts_draw_them():
    turned = turn_knobs(SMALL, [0.75, 0.5, 0.2, 0.5, 0.5, 0.0], spread=0)
    paint, group, _ = turned["appearance"]
    assert paint["grey"] == {"matrix": 1.0, "pore": pytest.approx([0.05, 0.05])}
    assert paint["texture_length"] == [2.5, 2.5]
    assert group["prob"] == 0.2
    assert group["together"][0]["ranges"]["width"] == pytest.approx([1.0, 1.0])
    assert turned["normalisation_jitter"] == {"gain": pytest.approx([1.0, 1.0]), "offset": [-0.2, -0.2]}


@pytest.mark.parametrize("end", [0.0, 1.0])
def test_a_spread_keeps_its_share_of_the_width_inside_the_old_range(end):
    turned = turn_knobs(SMALL, [end] * 6, spread=0.25)
    assert turned["appearance"][0]["grey"]["pore"] == pytest.approx([[-0.1, -0.05], [0.05, 0.1]][int(end)])
    width = turned["appearance"][1]["together"][0]["ranges"]["width"]
    assert width == pytest.approx([[0.5, 0.5 * 2**0.5], [2.0 / 2**0.5, 2.0]][int(end)])


@pytest.mark.parametrize("name", rock_names())
def test_a_full_spread_at_the_middle_is_the_preset_itself(name):
    found = knobs(name, geometry=True)
    turned, preset = turn_knobs(name, middle(found, name), spread=1.0, geometry=True), load_rock(name)
    for knob in found:
        old, new = preset, turned
        for key in knob.path:
            old, new = old[key], new[key]
        assert new == pytest.approx(old)


@pytest.mark.parametrize("name", rock_names())
def test_any_turn_of_a_shipped_preset_is_a_rock_with_its_structure_and_labels(name):
    preset = load_rock(name)
    values = np.random.default_rng(0).random(len(knobs(name)))
    turned = turn_knobs(name, values)
    assert turned["structure"] == preset["structure"]
    assert turned["appearance"][-1] == preset["appearance"][-1]
    assert preset == load_rock(name)
    assert build_parts(turned["structure"] + turned["appearance"])


@pytest.mark.parametrize("values", [[0.5] * 5, [0.5] * 5 + [1.1], [float("nan")] * 6])
def test_vectors_that_do_not_fit_are_refused(values):
    with pytest.raises(ScanError, match="6 knobs between 0 and 1"):
        turn_knobs(SMALL, values)


def test_a_spread_beyond_the_range_and_a_rock_without_knobs_are_refused():
    with pytest.raises(ScanError, match=r"spread must lie .* got 1\.5"):
        turn_knobs(SMALL, [0.5] * 6, spread=1.5)
    fixed = {"structure": SMALL["structure"], "appearance": [], "normalisation_jitter": {"gain": 1.0, "offset": 0}}
    with pytest.raises(ScanError, match="nothing to turn"):
        knobs(fixed)
