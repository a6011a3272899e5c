"""Configurations under the wider list: what a folder without a manifest may not do either."""

import pytest

from synfine_monai.errors import ScanError
from synfine_monai.sharing.checks.allowed import load_allowed
from synfine_monai.sharing.checks.configuration import judge_configuration
from synfine_monai.sharing.checks.yaml_text import load_yaml

PIPELINE = "a: {{_target_: synfine_monai.bundle.Pipeline, stages: {}}}"


def findings(text: str, packed: bool = False) -> str:
    config = load_yaml(text.encode(), "x.yaml")
    return "\n".join(judge_configuration(config, load_allowed(packed), {"output_dir", "seed", "imports", "imports::0"}))


def test_a_pipeline_runs_known_verbs_alone():
    assert findings(PIPELINE.format("[{train: {seed: 1}}]")) == ""
    assert "'../../evil/x' is not a verb" in findings(PIPELINE.format("[{../../evil/x: {}}]"))
    assert "no list of verbs" in findings(PIPELINE.format("'@output_dir'"))
    assert "is not on the list" in findings(PIPELINE.format("[{train: {}}]"), packed=True)


@pytest.mark.parametrize("path", ["/etc/model.pt", "$@output_dir + '/../model.pt'", "'@seed'", "'%seed'", "[x]"])
def test_a_model_is_saved_in_the_results_alone(path):
    assert "where only" in findings(f"a: {{_target_: synfine_monai.handlers.SaveModel, path: {path}}}\nseed: 1")


def test_macros_of_a_plain_value_of_the_same_file():
    assert findings("seed: 1\nb: '%seed'") == ""
    assert "does not name a value" in findings("seed: {c: 1}\nb: '%seed'")
    assert "leads to another macro" in findings("seed: '@output_dir'\nb: '%seed'")


def test_keys_that_reach_into_another_entry_are_known_ones():
    assert findings("train#trainer#network: 1") == ""
    assert "reaches into another entry" in findings("train#trainer#_target_: os.system")
    assert "is no plain word" in findings("a: {'b c': 1}")


def test_special_words_need_a_target():
    assert "without a _target_" in findings("a: {_mode_: callable}")
    assert "_target_ None" not in findings("a: {b: 1}")


def test_an_empty_or_odd_file_is_no_configuration():
    for text in ("", "- a", "a"):
        with pytest.raises(ScanError, match="is not a mapping"):
            load_yaml(text.encode(), "x.yaml")
    with pytest.raises(ScanError, match="more than the 200,000"):
        load_yaml(b"a: 1\n" * 50_000, "x.yaml")
