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


def test_makes_the_sample_and_learns_on_it(run, tmp_path, quickstart):
    code, (sample, learn) = run("--output_dir", tmp_path, "--label_budget", 8)
    assert code == 0
    assert sample[1:4] == [*quickstart.SYNFINE, "sample"]
    assert learn[1:4] == [*quickstart.SYNFINE, "learn"]
    datalist = str(tmp_path / "sample" / "dataset.json")
    assert learn[4:] == ["--datalist", datalist, "--output_dir", str(tmp_path), "--label_budget", "8"]


def test_sample_that_is_there_is_used(run, tmp_path):
    (tmp_path / "sample").mkdir()
    (tmp_path / "sample" / "dataset.json").touch()
    assert "learn" in " ".join(run("--output_dir", tmp_path)[1][0])


def test_own_scan_has_its_own_folder(run, quickstart):
    code, (learn,) = run("--scan", "my.nii.gz", "--labels", "drawn.tif", "--device", "cpu")
    assert code == 0
    results = str(quickstart.ROOT / "results" / "my")
    assert learn[4:8] == ["--scan", str(Path("my.nii.gz").absolute()), "--output_dir", results]
    assert learn[8:] == ["--labels", "drawn.tif", "--device", "cpu"]


def test_own_datalist_has_its_own_folder(run, quickstart, tmp_path):
    code, (learn,) = run("--datalist", tmp_path / "berea" / "dataset.json")
    assert code == 0
    assert learn[learn.index("--output_dir") + 1] == str(quickstart.ROOT / "results" / "berea")


def test_failed_stage_ends_it_and_is_named(run, tmp_path, capfd):
    code, commands = run("--output_dir", tmp_path, fails=" learn ")
    assert code == 1
    assert len(commands) == 2
    assert "`learn` ended with code 1" in capfd.readouterr().err


def test_here_without_the_project_says_what_to_install(run, tmp_path, capfd):
    code, commands = run("--output_dir", tmp_path, fails="import synfine_monai")
    assert code == 1
    assert commands == []
    assert "pip install -c constraints.txt -e ." in capfd.readouterr().err


@pytest.mark.slow
def test_quickstart_ends_with_table_porosity_and_pictures(tmp_path):
    command = [sys.executable, str(SCRIPTS / "quickstart.py"), "--here", "--output_dir", str(tmp_path)]
    command += ["--label_budget", "4", "--pairs", "64", "--epochs", "1", "--device", "cpu"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
    end = done.stdout[done.stdout.rindex("all layers fine-tuned") :]
    assert "Otsu" in end
    assert "% of the whole sample" in end
    assert list((tmp_path / "figures").glob("*.png"))
    assert (tmp_path / "predictions" / "sample_labels.nii.gz").is_file()
