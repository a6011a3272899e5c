import pytest

from synfine_monai.bundle import STYLES, style_source
from synfine_monai.bundle.style import StyleSource
from synfine_monai.errors import ScanError


def source(style, **more):
    return style_source(style, "out", "sandstone", 50, **more)


def verbs(found):
    return [verb for stage in found.stages for verb in stage]


def test_procedural_pairs_and_those_from_a_folder_need_nothing_made():
    assert source("procedural") == StyleSource()
    assert source("auto", pairs_from="mine") == StyleSource(pairs_from="mine")


@pytest.mark.parametrize(
    ("style", "made", "used"),
    [
        ("matched", ["rock_ct_generation/match"], ("out/pairs", None)),
        ("fitted", ["rock_ct_generation/fit"], (None, "out/style/rock.yaml")),
        ("inverted", ["rock_ct_generation/invert", "rock_ct_generation/generate"], ("out/pairs", None)),
    ],
)
def test_each_word_names_its_verbs_and_what_comes_of_them(style, made, used):
    found = source(style)
    assert verbs(found) == made
    assert (found.pairs_from, found.rock) == used


def test_a_style_file_is_used_by_the_shipped_generator(tmp_path):
    (tmp_path / "style.json").touch()
    (stage,) = source(str(tmp_path / "style.json")).stages
    assert stage["rock_ct_generation/generate"]["style"] == str(tmp_path / "style.json")
    assert stage["rock_ct_generation/generate"]["checkpoint"] == "shipped"


def test_auto_stands_for_one_of_the_others():
    assert source("auto") in [source(style) for style in STYLES if style != "auto"]


def test_unknown_words_and_two_answers_are_refused():
    with pytest.raises(ScanError, match="did you mean 'inverted'"):
        source("invrted")
    with pytest.raises(ScanError, match="leave out --style fitted"):
        source("fitted", pairs_from="mine")
