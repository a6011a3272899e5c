"""``synfine`` picks a verb of the bundle, checks the options, and prints the MONAI command that it stands for."""

import shlex
import subprocess
import sys

import pytest
from tiny_core import BUNDLE, CONFIGS, quiet_environment

from synfine_monai.bundle import read_options
from synfine_monai.bundle.verbs import verbs
from synfine_monai.command_line import command_for, help_text, main
from synfine_monai.errors import ScanError


def test_help_names_every_verb(capsys):
    assert main(["--help"]) == 0
    printed = capsys.readouterr().out
    assert "usage: synfine VERB" in printed
    assert [verb for verb in verbs() if f"  {verb} " not in printed] == []


GENERATION = BUNDLE.parent / "rock_ct_generation" / "configs"
HYBRID = BUNDLE.parent / "rock_ct_hybrid_segmentation" / "configs"


@pytest.mark.parametrize("verb", verbs())
def test_help_of_a_verb_comes_from_its_first_block(verb, capsys):
    assert main([verb, "--help"]) == 0
    printed = capsys.readouterr().out
    for option in read_options(verbs()[verb]).values():
        assert f"--{option.name} " in printed
        assert option.help in printed
        assert option.help, f"--{option.name} of {verb} has no comment"


def test_verbs_are_found_in_their_bundles():
    assert str(GENERATION / "invert.yaml") in command_for(["style", "core.tif"])
    assert str(HYBRID / "hybrid.yaml") in command_for(["hybrid"])
    assert str(CONFIGS / "train.yaml") in command_for(["train"])
    assert str(HYBRID / "train.yaml") in command_for(["hybrid-train"])
    assert str(GENERATION / "train.yaml") in command_for(["generation-train"])


def test_defaults_that_torch_computes_are_not_shown():
    assert "$torch" not in help_text("train")


def test_segment_takes_the_scan_first():
    command = command_for(["segment", "core.tif", "--output_dir", "here"])
    assert command == ["--config_file", str(CONFIGS / "inference.yaml"), "--scan", "core.tif", "--output_dir", "here"]


def test_segment_merges_what_its_options_need():
    files = {"views": "finer_inference.yaml", "workers": "dask_inference.yaml"}
    for option, name in files.items():
        config = command_for(["segment", "core.tif", f"--{option}", "2"])[1]
        assert config == str([str(CONFIGS / "inference.yaml"), str(CONFIGS / name)])
    assert command_for(["segment", "core.tif"])[1] == str(CONFIGS / "inference.yaml")
    assert all(f"--{option} " in help_text("inference") for option in files)


@pytest.mark.parametrize("name", ["learn", "synfine"])
def test_a_verb_goes_by_its_friendly_and_its_bundle_name(name):
    assert str(CONFIGS / "synfine.yaml") in command_for([name])


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["segmnt", "core.tif"], "'segmnt' is not a verb of synfine; did you mean segment"),
        (["finetune", "--label_bugdet", "4"], "did you mean --label_budget"),
        (["finetune", "--label-bugdet=4"], "did you mean --label_budget"),
        (["segment", "core.tif", "--quux", "1"], "--quux is not an option of 'synfine segment'"),
    ],
)
def test_misspelt_words_are_refused_with_the_nearest(arguments, words, capsys):
    assert main(arguments) == 1
    printed = capsys.readouterr()
    assert words in printed.err
    assert printed.err.startswith("ScanError: ")
    assert printed.err.count("\n") == 1


def test_a_deep_id_of_the_config_is_left_to_monai():
    with pytest.raises(ScanError):
        command_for(["train", "--trian#trainer#max_epochs", "2"])


def test_the_command_prints_what_it_runs_and_hands_on_its_failure(tmp_path):
    program = "import sys; from synfine_monai.command_line import main; sys.exit(main())"
    command = [sys.executable, "-c", program, "segment", "no scan.tif"]
    done = subprocess.run(command, cwd=tmp_path, env=quiet_environment(), capture_output=True, text=True, check=False)
    assert done.returncode == 1
    printed = shlex.split(done.stdout.splitlines()[0])
    assert printed[:4] == ["python", "-m", "monai.bundle", "run"]
    assert printed[-2:] == ["--scan", "no scan.tif"]
    assert done.stderr.splitlines()[-1] == "ScanError: no scan.tif does not exist."


def test_every_verb_of_every_bundle_is_reachable():
    merged = {"dask_inference", "finer_inference", "multi_gpu_train"}
    files = {file for file in BUNDLE.parent.rglob("configs/*.yaml") if file.stem not in merged}
    assert set(verbs().values()) == files


def test_help_needs_neither_torch_nor_monai():
    program = (
        "import sys; from synfine_monai.command_line import main; main(['segment', '--help']); "
        "sys.exit(len({'torch', 'monai', 'numpy'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", program], capture_output=True, check=False).returncode == 0


def test_path_prints_a_bundles_folder(capsys):
    assert main(["path", "rock_ct_segmentation"]) == 0
    assert capsys.readouterr().out.strip() == str(BUNDLE)
    assert main(["path", "rock"]) == 1
    assert "choose rock_ct_segmentation" in capsys.readouterr().err


def test_the_terminal_shows_no_library_talking(tmp_path):
    program = "import sys; from synfine_monai.command_line import main; sys.exit(main())"
    command = [sys.executable, "-c", program, "sample", "--output_dir", str(tmp_path / "sample")]
    done = subprocess.run(command, env=quiet_environment(), capture_output=True, text=True, check=False)
    assert done.returncode == 0
    assert (tmp_path / "sample" / "dataset.json").is_file()
    printed = done.stdout + done.stderr
    assert not [
        word for word in ("Warning", "monai.bundle.scripts", "logging properties", " - INFO - ") if word in printed
    ]
