"""A path that is given as an option is that path, whatever characters it holds, and never syntax."""

import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from fire import Fire
from fire.parser import DefaultParseValue
from monai.bundle import ConfigParser, ConfigWorkflow, run

from synfine_monai.bundle import read_options, run_verb
from synfine_monai.bundle.option_values import as_argument, as_value, plain_value, typed_options
from synfine_monai.bundle.verb_options import Kind
from synfine_monai.bundle.verbs import verbs
from synfine_monai.command_line import command_for

VERB = """# A verb that tells what it was given.

imports: [$import synfine_monai, $import pathlib]

# options
scan: null          # [path] the scan
models: null        # [paths] several
steps: 3            # [int >= 1] how many
output_dir: results # [path] where told.txt goes

# parts
told: '@scan'
initialize:
- $synfine_monai.bundle.begin('verb', @output_dir)
run:
- $pathlib.Path(@output_dir, 'told.txt').write_text(repr((@told, @models, @steps)))
"""

NAMES = [
    "core #3", "#", "a##b::c", "@output_dir", "@lab", "lab@home", "$1+1", "$HOME", "%macro", "%a#b", "100 %", "2024",
    "2024_05", "007", "1e3", "0x10", "1.50", "True", "null", "a,b", "[1]", "(x)", "{a: b}", "it's", 'say "so"',
    "'quoted'", '"quoted"', "back\\slash", "tab\there", "Probe Nr. 5 – Säule µ", "岩心", "import this", "a = b", "~x",
    " lead and trail ", "-", "name.with.dots", "$'core'",
]  # fmt: skip


@pytest.fixture
def verb(tmp_path):
    folder = tmp_path / "verb" / "configs"
    folder.mkdir(parents=True)
    (folder / "metadata.json").write_text("{}")
    (folder / "logging.conf").write_text("[loggers]\nkeys=root\n[handlers]\nkeys=\n[formatters]\nkeys=\n"
                                         "[logger_root]\nhandlers=\n")  # fmt: skip
    (folder / "verb.yaml").write_text(VERB, encoding="utf-8")
    return folder / "verb.yaml"


def told(folder):
    return eval(Path(folder, "told.txt").read_text())


def parsed(value):
    """What a verb gets of an option, directly and through a reference, after all that MONAI does to it."""
    parser = ConfigParser({"scan": value, "told": "@scan", "joined": "$str(@scan) + '/model.pt'"})
    assert parser.get_parsed_content("joined") == f"{parser.get_parsed_content('scan')}/model.pt"
    return parser.get_parsed_content("told")


@pytest.mark.parametrize("name", NAMES)
def test_monai_takes_any_path_for_what_it_says(name):
    assert parsed(as_value(name)) == name
    assert parsed(as_value([name, "b"])) == [name, "b"]
    assert plain_value(as_value(name)) == name


@pytest.mark.parametrize("name", NAMES)
def test_fire_and_monai_take_what_synfine_prints_for_what_was_typed(name):
    assert parsed(DefaultParseValue(as_argument(Kind("path"), name))) == name


@pytest.mark.parametrize("name", ["core #3", "$1+1", "%macro", "2024_05"])
def test_python_hands_over_any_path(name, verb, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    output = Path(name, "results")
    run_verb(verb, scan=name, models=[name, "b"], output_dir=output)
    assert told(tmp_path / output) == (name, [name, "b"], 3)
    kept = yaml.safe_load((tmp_path / output / "config.yaml").read_text(encoding="utf-8"))
    assert kept["verb"]["scan"] == name


@pytest.mark.filterwarnings("ignore:parsing config_file")
@pytest.mark.parametrize("name", ["core #3", "@output_dir", "-"])
def test_the_command_line_that_synfine_prints_says_the_same_to_monai(name, verb, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    safe = as_argument(Kind("path"), name)
    Fire(run, command=["--config_file", str(verb), "--scan", safe, f"--output_dir={safe}", "--steps", "5"])
    assert told(tmp_path / name) == (name, None, 5)


def test_what_is_plain_stays_as_it_was_typed():
    for name in ("core.tif", "results/core 3", "../a_b-c.nii.gz", "C:\\data\\core.tif", "core.h5:/entry/data", "~/a"):
        assert as_argument(Kind("path"), name) == name
        assert as_value(name) == name
    assert as_argument(Kind("path"), "None") == "None"
    assert as_argument(Kind("int"), "2024_05") == "2024_05"


def test_several_paths_are_a_list_or_stand_between_commas():
    kind = Kind("paths")
    assert plain_value(as_argument(kind, "runs/a,runs/b")) == "runs/a,runs/b"
    assert plain_value(as_argument(kind, "2024,2025")) == "2024,2025"
    assert as_argument(kind, "['a','b']") == "['a','b']"
    assert as_argument(kind, "sandstone,carbonate") == "sandstone,carbonate"  # a tuple for Fire, as ever
    safe = eval(as_argument(kind, "{'forest': 'run #1'}"))
    assert plain_value(safe["forest"]) == "run #1"
    assert set(safe) == {"forest"}


def test_options_of_a_command_line_by_fires_rules():
    line = shlex.split("--scan a.tif --output-dir=run=1 --half --steps -3 --labels --fov 'x y'")
    assert [(name, text) for _, name, text in typed_options(line)] == [
        ("scan", "a.tif"), ("output_dir", "run=1"), ("steps", "-3"), ("fov", "x y")]  # fmt: skip
    assert line[next(place for place, name, _ in typed_options(line) if name == "fov")] == "x y"


def test_synfine_writes_paths_so_that_monai_takes_them():
    command = command_for(["segment", "core #3.tif", "--output_dir=2024_05", "--slab_voxels", "1000"])
    assert [plain_value(word) for word in command[2:]][:2] == ["--scan", "core #3.tif"]
    assert command[4] == "--output_dir=$'2024_05'"
    assert command[5:] == ["--slab_voxels", "1000"]


# what MONAI's own command lets through: not a leading $ or %, which it has taken for syntax before a verb is asked
@pytest.mark.parametrize(("scan", "output_dir"), [("core #3", "2024_05"), ("2024", "a,b @home #1")])
def test_monais_own_command_hands_over_what_was_typed(scan, output_dir, verb, tmp_path):
    words = ["--config_file", str(verb), "--scan", scan, f"--output_dir={output_dir}"]
    command = [sys.executable, "-m", "monai.bundle", "run", *words]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert told(tmp_path / output_dir) == (scan, None, 3)
    assert {one.name for one in tmp_path.iterdir()} == {"verb", output_dir}


def test_a_path_that_monai_has_changed_already_is_refused(verb, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for value in ("run #1", 202405):
        workflow = ConfigWorkflow(config_file=str(verb), workflow_type=None, output_dir=value)
        with pytest.raises(Exception, match="begin") as caught:
            workflow.initialize()
        assert "--output_dir takes a path as text, but MONAI made" in str(caught.value.__cause__)
    assert {one.name for one in tmp_path.iterdir()} == {"verb"}


def test_an_option_is_a_path_in_every_verb_or_in_none():
    kinds = {}
    for file in set(verbs().values()):
        for option in read_options(file).values():
            kinds.setdefault(option.name, set()).add(option.kind.is_path)
    assert [name for name, found in kinds.items() if len(found) > 1 and name != "licence"] == []
    assert all(kinds[name] == {True} for name in ("scan", "labels", "checkpoint", "output_dir", "datalist", "fov"))
