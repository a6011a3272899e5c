"""Which commands the quickstart runs; that they work is for the slow test at the end."""

import subprocess
import sys
from pathlib import Path

import pytest

SCRIPTS = Path(__file__).resolve().parents[2] / "scripts"


@pytest.fixture
def quickstart(monkeypatch):
    """The module scripts/quickstart.py."""
    monkeypatch.syspath_prepend(str(SCRIPTS))
    import quickstart

    return quickstart


@pytest.fixture
def run(quickstart, monkeypatch):
    """Run the quickstart with some arguments; gives its exit code and the commands it ran, which do nothing."""

    def with_arguments(*arguments, fails=None):
        commands = []

        def only_note(command, **_):
            commands.append([str(word) for word in command])
            return subprocess.CompletedProcess(command, int(fails is not None and fails in " ".join(commands[-1])))

        with monkeypatch.context() as patch:
            patch.setattr(quickstart.subprocess, "run", only_note)
            patch.setattr(sys, "argv", ["quickstart.py", "--here", *map(str, arguments)])
            code = quickstart.main()
        return code, [command for command in commands if "-c" not in command]

    return with_arguments


def test_makes_the_sample_learns_on_it_and_segments_it(run, tmp_path, quickstart):
    code, (sample, learn, segment) = run("--output_dir", tmp_path, "--label_budget", 8)
    assert code == 0
    assert sample[1:3] == ["-m", "synfine_monai.data.sample_core"]
    assert learn[1:6] == ["-m", "monai.bundle", "run", "--config_file", str(quickstart.CONFIGS / "synfine.yaml")]
    assert learn[6:] == [
        "--datalist",
        str(tmp_path / "sample" / "dataset.json"),
        "--output_dir",
        str(tmp_path),
        "--label_budget",
        "8",
    ]
    assert segment[5] == str(quickstart.CONFIGS / "inference.yaml")
    assert segment[segment.index("--scan") + 1] == str(tmp_path / "sample" / "sample.tif")
    assert segment[segment.index("--checkpoint") + 1] == str(tmp_path / "model.pt")
    assert "--label_budget" not in segment, "inference knows no labels"


def test_sample_that_is_there_is_used(run, tmp_path):
    (tmp_path / "sample").mkdir()
    (tmp_path / "sample" / "dataset.json").touch()
    assert "synfine.yaml" in " ".join(run("--output_dir", tmp_path)[1][0])


def test_own_scan_is_learned_and_segmented(run, quickstart):
    code, (learn, segment) = run(
        "--scan", "my.tif", "--labels", "drawn.tif", "--unlabelled_value", 0, "--device", "cpu"
    )
    results = str(quickstart.ROOT / "results" / "my")
    assert code == 0
    scan = str(Path("my.tif").absolute())
    assert learn[6:] == [
        "--scan",
        scan,
        "--output_dir",
        results,
        "--device",
        "cpu",
        "--labels",
        "drawn.tif",
        "--unlabelled_value",
        "0",
    ]
    assert segment[6:8] == ["--scan", scan]
    assert segment[-2:] == ["--device", "cpu"]


def test_own_datalist_has_its_own_folder(run, quickstart, tmp_path):
    code, (learn,) = run("--datalist", tmp_path / "berea" / "dataset.json")
    assert code == 0
    assert learn[learn.index("--output_dir") + 1] == str(quickstart.ROOT / "results" / "berea")


def test_failed_stage_ends_it_and_is_named(run, tmp_path, capfd):
    code, commands = run("--output_dir", tmp_path, fails="synfine.yaml")
    assert code == 1
    assert len(commands) == 2, "nothing is segmented by a model that was not made"
    assert "`synfine` ended with code 1" in capfd.readouterr().err


def test_here_without_the_project_says_what_to_install(run, tmp_path, capfd):
    code, commands = run("--output_dir", tmp_path, fails="import synfine_monai")
    assert code == 1
    assert commands == []
    assert "pip install -c constraints.txt -e ." in capfd.readouterr().err
