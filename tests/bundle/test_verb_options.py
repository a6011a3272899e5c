import pytest
import yaml
from monai.bundle import ConfigWorkflow

from synfine_monai.bundle import read_options
from synfine_monai.bundle.verb_options import kind_of
from synfine_monai.errors import ScanError

VERB = """# A verb.

imports: [$import synfine_monai]

# options
scan: null        # the scan
steps: 300        # [int >= 1] how many,
                  # at least
mode: fast        # [fast | exact] what counts
rate: null        # [number > 0] of learning; null: the recipe's
device: "$'cpu'"
output_dir: null

# parts
bundle_root: $synfine_monai.bundle.bundle_root()
initialize:
- $synfine_monai.bundle.begin('verb', @output_dir)
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
    return ConfigWorkflow(
        config_file=path if isinstance(path, list) else str(path),
        workflow_type="train",
        meta_file={},
        logging_file=False,
        **options,
    )


def test_options_are_the_first_block_with_defaults_and_help(verb):
    options = read_options(verb)
    assert list(options) == ["scan", "steps", "mode", "rate", "device", "output_dir"]
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


def test_what_was_set_is_kept_beside_other_verbs(verb, tmp_path):
    (tmp_path / "config.yaml").write_text("train: {pairs: 8}\n")
    workflow(verb, output_dir=str(tmp_path), steps=5).initialize()
    saved = yaml.safe_load((tmp_path / "config.yaml").read_text())
    assert saved["train"] == {"pairs": 8}
    assert saved["verb"]["steps"] == 5


def test_entries_of_a_users_own_file_are_no_unknown_options(verb, tmp_path):
    own = tmp_path / "configs" / "own.yaml"
    own.write_text("more: 1\n")

    def run(config_file):
        workflow(config_file).initialize()

    with pytest.raises(Exception, match="evaluate"):
        workflow([str(verb), str(own)]).initialize()
    run([str(verb), str(own)])


KINDS = {
    "steps": (300, "[int >= 1] x"),
    "seed": (0, "[int >= 0]"),
    "rate": (2e-3, "[number > 0]"),
    "mixup": (0.2, "[number >= 0]"),
    "binary": (False, "merged"),
    "scan": (None, "a file"),
    "tune": ("a", "words"),
    "budget": (None, "[int >= 1] or all"),
    "mode": ("fast", "[fast | exact] what counts"),
}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("steps", 1),
        ("seed", 0),
        ("rate", 1),
        ("mixup", 0),
        ("binary", True),
        ("scan", 3),
        ("scan", None),
        ("tune", "b"),
        ("budget", None),
        ("budget", 4),
        ("mode", "exact"),
    ],
)
def test_values_of_the_stated_kind_pass(name, value):
    kind_of(*KINDS[name])[0].check(name, value)


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("steps", 0, "--steps takes a whole number from 1 up, got 0"),
        ("steps", 2.5, "whole number"),
        ("steps", True, "whole number"),
        ("steps", None, "whole number"),
        ("seed", -1, "from 0 up, got -1"),
        ("rate", 0, "--rate takes a number above 0, got 0"),
        ("rate", float("nan"), "above 0"),
        ("rate", "fast", "above 0"),
        ("mixup", -0.1, "--mixup takes a number from 0 up, got -0.1"),
        ("binary", "true", "--binary takes True or False, got 'true'"),
        ("binary", 1, "True or False"),
        ("scan", "False", "True or False"),
        ("budget", 0, "--budget takes a whole number from 1 up, got 0"),
        ("mode", "exakt", "--mode takes fast or exact, got 'exakt'; did you mean exact?"),
    ],
)
def test_values_of_another_kind_are_refused(name, value, words):
    with pytest.raises(ScanError, match=words):
        kind_of(*KINDS[name])[0].check(name, value)


def test_a_kind_is_no_part_of_the_help():
    kind, rest = kind_of(None, "[int >= 1] number of patches; null: all")
    assert rest == "number of patches; null: all"
    assert str(kind) == "a whole number from 1 up"
    assert kind_of(None, 'classes, "[1]" say')[1] == 'classes, "[1]" say'
