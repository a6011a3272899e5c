import pytest
from monai.bundle import ConfigWorkflow

from synfine_monai.bundle.options import read_options
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
