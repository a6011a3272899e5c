"""Suggestions: phases that nobody painted, then doubts spread over slices, and random places with their chance."""

import json

import pytest

from synfine_monai.labelling.random_windows import RandomWindows
from synfine_monai.labelling.regions import Place, Region
from synfine_monai.labelling.suggestions import FILE, Suggestions
from synfine_monai.labelling.views import Box
from synfine_monai.planning import Window

NAMES = ["matrix", "pore", "clay"]


@pytest.fixture
def suggestions(rock_folder, tmp_path):
    return Suggestions(RandomWindows(rock_folder[0].planes, 16, 7), NAMES, tmp_path)


def region(z, unsure, shares=(0.6, 0.4, 0.0), most_clay=0.0):
    doubt, clay = Place(Box(10, 20, 16, 16), unsure, shares), Place(Box(40, 60, 16, 16), 0.0, (0, 0, most_clay))
    return Region(Window(1, z, 0, 0, 48, 1e-5), None, doubt, (doubt, doubt, clay))


def test_what_nobody_painted_and_the_network_expects_comes_first(suggestions):
    regions = [region(3, 0.9), region(9, 0.1, most_clay=0.25)]
    first, *others = suggestions.choose(regions, {0, 1}, 4, 4)
    assert (first["view"], first["index"], first["row"], first["col"]) == ("xy", 9, 48, 68)
    assert first["reason"] == "clay is expected here (25% of the place), and nobody has painted it yet"
    assert not first["drawn_at_random"]
    assert "unsure" in others[0]["reason"]
    assert "clay" not in suggestions.choose(regions, {0, 1, 2}, 4, 4)[0]["reason"]


def test_doubts_name_both_phases_and_how_much(suggestions):
    (found, _) = suggestions.choose([region(3, 0.42, (0.1, 0.6, 0.3))], {0, 1, 2}, 1, 2)
    assert found["reason"] == "the network is unsure here (42% of the most there can be), between pore and clay"


def test_doubts_are_spread_over_slices_and_phases(suggestions):
    alike = [region(5, 0.50), region(5, 0.49), region(5, 0.48)]
    others = [region(20, 0.40), region(12, 0.30, (0.0, 0.5, 0.5))]
    found = suggestions.choose(alike + others, {0, 1, 2}, 9, 4)
    assert [one["index"] for one in found[:3]] == [5, 12, 20]
    assert found[3]["drawn_at_random"]


def test_random_places_are_written_down_with_their_chance_and_never_repeat(suggestions, rock_folder, tmp_path):
    found = [one for _ in range(3) for one in suggestions.choose([], {0}, 2, 3)]
    assert all(one["drawn_at_random"] for one in found)
    lines = [json.loads(line) for line in (tmp_path / FILE).read_text().splitlines()]
    windows = RandomWindows(rock_folder[0].planes, 16, 7)
    for number, line in enumerate(lines):
        window = windows[number]
        assert (line["z"], line["y"], line["x"]) == (window.z, window.y, window.x)
        assert line["probability"] == pytest.approx(1 / (30 * (150 + 15) * (170 + 15)))
        assert (line["number"], line["strokes"]) == (number + 1, 2)
    again = Suggestions(RandomWindows(rock_folder[0].planes, 16, 7), NAMES, tmp_path)
    (next_one,) = again.choose([], {0}, 3, 1)
    assert next_one["index"] == windows[len(lines)].z


def test_a_quarter_is_random(suggestions):
    regions = [region(z, 0.5) for z in range(20)]
    found = suggestions.choose(regions, {0, 1, 2}, 1, 8)
    assert [one["drawn_at_random"] for one in found] == [False] * 6 + [True] * 2
