import pytest
from monai.bundle import ConfigWorkflow

from synfine_monai.bundle import read_options
from synfine_monai.bundle.options import Option, check_value
from synfine_monai.errors import ScanError

VERB = """# A verb.

imports: []

# options
scan: null        # the scan
steps: 300        # how many,
                  # at least
device: "$'cpu'"

# parts
bundle_root: $__import__('synfine_monai.bundle.options').bundle.options.bundle_root()
initialize:
- $__import__('synfine_monai.bundle.options').bundle.options.check_options(['verb.yaml'])
run:
- $1
"""


@pytest.fixture
def verb(tmp_path):
    (tmp_path / "configs").mkdir()
    path = tmp_path / "configs" / "verb.yaml"
    path.write_text(VERB)
    return path


def workflow(path, **options):
    return ConfigWorkflow(config_file=str(path), workflow_type="train", meta_file={}, logging_file=False, **options)


def test_options_are_the_first_block_with_defaults_and_help(verb):
    options = read_options(verb)
    assert list(options) == ["scan", "steps", "device"]
    assert options["steps"].default == 300
    assert options["steps"].help == "how many, at least"


def test_a_known_option_passes(verb):
    workflow(verb, steps=5).initialize()


def test_a_misspelt_option_is_refused_with_the_nearest(verb):
    with pytest.raises(Exception) as caught:  # noqa: PT011 (MONAI wraps it)
        workflow(verb, step=5).initialize()
    assert isinstance(caught.value.__cause__, ScanError)
    assert "--step is not an option of verb.yaml; did you mean --steps" in str(caught.value.__cause__)


def test_the_bundle_is_found_from_any_folder(verb, tmp_path, monkeypatch):
    monkeypatch.chdir("/")
    running = workflow(verb)
    running.initialize()
    assert running.bundle_root == str(tmp_path)


def test_a_file_without_options_is_no_verb(tmp_path):
    (tmp_path / "other.yaml").write_text("a: 1\n")
    with pytest.raises(ScanError, match="not a verb"):
        read_options(tmp_path / "other.yaml")


@pytest.mark.parametrize(
    ("name", "default", "value"),
    [
        ("steps", 300, 1),
        ("seed", 0, 0),
        ("rate", 2e-3, 1),
        ("mixup", 0.2, 0),
        ("binary", False, True),
        ("scan", None, 3),
        ("tune", "a", "b"),
    ],
)
def test_values_of_the_defaults_kind_pass(name, default, value):
    check_value(Option(name, default, ""), value)


@pytest.mark.parametrize(
    ("name", "default", "value", "words"),
    [
        ("steps", 300, 0, "--steps takes a whole number from 1 up, got 0"),
        ("steps", 300, 2.5, "whole number"),
        ("steps", 300, True, "whole number"),
        ("steps", 300, None, "whole number"),
        ("patch_seed", 0, -1, "from 0 up, got -1"),
        ("rate", 2e-3, 0, "--rate takes a number above 0, got 0"),
        ("rate", 2e-3, float("nan"), "above 0"),
        ("rate", 2e-3, "fast", "above 0"),
        ("mixup", 0.2, -0.1, "--mixup takes a number from 0 up, got -0.1"),
        ("binary", False, "true", "--binary takes True or False, got 'true'"),
        ("binary", False, 1, "True or False"),
        ("binary", None, "False", "True or False"),
    ],
)
def test_values_of_another_kind_are_refused(name, default, value, words):
    with pytest.raises(ScanError, match=words):
        check_value(Option(name, default, ""), value)
