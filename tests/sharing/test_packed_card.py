import json
import re

import pytest

from synfine_monai.report import read_metrics
from synfine_monai.sharing.card_facts import plain
from synfine_monai.sharing.packed_card import packed_card
from synfine_monai.sharing.packed_scores import packed_scores


@pytest.fixture(scope="module")
def parts(packed, confidential):
    """What a card is made from: model.json, metadata.json, metrics.json."""
    info = json.loads((packed / "models" / "model.json").read_text())
    return info, json.loads((packed / "configs" / "metadata.json").read_text()), read_metrics(
        confidential.results / "metrics.json"
    )  # fmt: skip


def test_the_card_of_a_run_tells_classes_labels_scores_and_voxel_size(packed):
    card = (packed / "docs" / "README.md").read_text(encoding="utf-8")
    for told in ("| 1 | pore | pore | yes |", "| Labelled patches of 64×64 | 16 |", "On the test items",
                 "2.5 × 2.5 × 2.5 µm (z, y, x)", "40 bins of 0.3 standard deviations", "| Otsu |",
                 "--config_file my_core/configs/inference.yaml", "No licence is granted", "- no picture."):  # fmt: skip
        assert told in card
    assert "None" not in card


def test_the_card_holds_no_html_and_no_link_but_to_the_licence(packed):
    card = (packed / "docs" / "README.md").read_text(encoding="utf-8")
    assert not re.search(r"[<>&]", card)
    assert re.findall(r"\]\(([^)]*)\)", card) == []


def test_a_licence_that_was_given_is_pointed_at(parts):
    info, metadata, _ = parts
    assert "See [LICENSE](../LICENSE)." in packed_card(info, metadata, None, licensed=True)


def test_a_card_without_scores_says_so(parts):
    info, metadata, _ = parts
    assert "Not evaluated" in packed_card(info, metadata, None, licensed=False)


@pytest.mark.parametrize(
    ("split", "words"),
    [("held-back slices", "slices of the training scans were held back"),
     ("training", "say nothing of others"),
     ("ward 7 of the clinic", "On the labelled items")],
)  # fmt: skip
def test_scores_say_which_items_they_are_of(split, words, parts):
    info, metadata, metrics = parts
    scores = packed_scores({**metrics, "split": split}, "all")
    card = packed_card(info, metadata, scores, licensed=False)
    assert words in card
    assert "ward" not in card


def test_porosity_items_and_names_of_other_models_stay(parts):
    scores = packed_scores(parts[2], "all")
    assert set(scores.model) == {"pore_dice", "pore_iou", "mean_dice", "accuracy", "porosity_error"}
    assert list(scores.others) == ["Otsu"]
    assert scores.as_metadata()["dice_1"] == pytest.approx(scores.dice["pore"])


@pytest.mark.parametrize(
    ("text", "written"),
    [("<script>x</script>", "‹script›x‹/script›"), ("a|b", "a\\|b"), ("[x](javascript:y)", "\\[x\\](javascript:y)"),
     ("two\nlines", "two lines"), ("R&D", "R and D"), ("# big", "\\# big")],
)  # fmt: skip
def test_words_of_others_do_nothing_in_markdown(text, written):
    assert plain(text) == written
