import pytest
import yaml

from synfine_monai.errors import ScanError
from synfine_monai.transforms.generate import build_parts, load_rock, rock_names


def test_shipped_presets_are_those_of_the_design():
    assert {"sandstone", "carbonate", "concrete"} <= set(rock_names())


@pytest.mark.parametrize("name", rock_names())
def test_every_shipped_preset_can_be_built(name):
    preset = load_rock(name)
    assert len(build_parts(preset["structure"])) > 2
    assert len(build_parts(preset["appearance"])) > 2


def test_a_file_and_a_mapping_say_the_same_as_a_name(tmp_path):
    preset = load_rock("sandstone")
    path = tmp_path / "mine.yaml"
    path.write_text(yaml.safe_dump(preset), encoding="utf-8")
    assert load_rock(path) == load_rock(preset) == preset


def test_unknown_preset_names_the_known_ones():
    with pytest.raises(ScanError, match=r"sandston.*carbonate, concrete, sandstone"):
        load_rock("sandston")


@pytest.mark.parametrize("text", ["- a\n- b", "structure: []", "structure: []\nappearance: []\nmore: 1"])
def test_wrong_sections_are_refused(tmp_path, text):
    path = tmp_path / "mine.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ScanError, match=r"mine\.yaml holds .* exactly the sections"):
        load_rock(path)


def test_garbled_yaml_is_one_line(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text("structure: [", encoding="utf-8")
    with pytest.raises(ScanError, match=r"^mine\.yaml is not readable as YAML: [^\n]+$"):
        load_rock(path)


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ({"part": "RandGrain"}, "names the part 'RandGrain'"),
        ({"corrupt": "Ring"}, "names the corrupt 'Ring'"),
        ({"part": "RandGrains", "cells": 3}, "RandGrains of a rock does not take .*cells"),
        ({"corrupt": "Rings", "ranges": {"strength": [0.0, 1.0]}}, "Rings of a rock .*positive"),
        ({}, "names the part 'None'"),
    ],
)
def test_parts_that_cannot_be_built_say_why(entry, words):
    with pytest.raises(ScanError, match=words):
        build_parts([entry])


def test_anyone_can_bring_a_part_of_their_own():
    (part,) = build_parts([{"part": "synfine_monai.transforms.generate.RandFractures", "count": 1}])
    assert part.count == 1
