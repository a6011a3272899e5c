import pytest
import torch

from synfine_monai.conventions import PHASES
from synfine_monai.transforms.generate import RandRock, load_rock, rock_names, rock_style

CLASSES = {name: index for index, name in enumerate(PHASES)}


def pairs_of_numbers(value):
    """Every range that is left, but those of two equal ends."""
    if isinstance(value, dict):
        return [pair for inner in value.values() for pair in pairs_of_numbers(inner)]
    if isinstance(value, list) and len(value) == 2 and all(isinstance(end, int | float) for end in value):
        return [value] if value[0] != value[1] else []
    return [pair for inner in value for pair in pairs_of_numbers(inner)] if isinstance(value, list) else []


@pytest.mark.parametrize("rock", rock_names())
def test_a_style_leaves_no_range_in_the_look_and_all_in_the_shapes(rock):
    style, preset = rock_style(rock, 3), load_rock(rock)
    assert pairs_of_numbers(preset["appearance"])
    assert pairs_of_numbers(style["appearance"]) == pairs_of_numbers(style["normalisation_jitter"]) == []
    assert all(part.get("prob", 1.0) == 1.0 for part in style["appearance"])
    assert style["structure"] == preset["structure"]


def test_numbers_lie_within_the_presets_ranges():
    ranges = load_rock("sandstone")["appearance"][0]["grey"]
    for seed in range(20):
        grey = rock_style("sandstone", seed)["appearance"][0]["grey"]
        assert ranges["dense"][0] <= grey["dense"] <= ranges["dense"][1]
        assert grey["matrix"] == 1.0


def test_parts_come_as_often_as_the_preset_says():
    styles = [rock_style("sandstone", seed)["appearance"] for seed in range(300)]
    share = sum(any(part.get("corrupt") == "EdgeEnhancement" for part in style) for style in styles) / 300
    assert share == pytest.approx(0.5, abs=0.1)


def test_rocks_of_one_style_share_their_grey_levels_and_not_their_shapes():
    plain = {**rock_style("sandstone", 1)}
    plain["appearance"] = plain["appearance"][:1]
    rock = RandRock(plain, CLASSES, (96, 96))
    first, second = (rock.set_random_state(seed=seed)() for seed in (1, 2))
    assert not torch.equal(first["label"], second["label"])
    levels = [float(sample["image"][sample["label"] == CLASSES["matrix"]].median()) for sample in (first, second)]
    assert levels[0] == pytest.approx(levels[1], abs=0.08)


def test_seed_decides():
    assert rock_style("concrete", 5) == rock_style("concrete", 5) != rock_style("concrete", 6)
