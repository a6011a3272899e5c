"""The set-up scripts, without the minutes that an installation takes: pip itself is replaced."""

import subprocess
import sys
from pathlib import Path

import pytest

SCRIPTS = Path(__file__).resolve().parents[2] / "scripts"


@pytest.fixture
def environment(monkeypatch):
    """The module scripts/environment.py, imported as the scripts beside it do."""
    monkeypatch.syspath_prepend(str(SCRIPTS))
    import environment

    return environment


@pytest.fixture
def commands(environment, monkeypatch, tmp_path) -> list[list[str]]:
    """Commands that were run; making an environment makes its Python, and no command does anything else."""
    seen: list[list[str]] = []

    def run(command, **_):
        if command[-1] != "--version":
            seen.append([str(word) for word in command])
        if "venv" in command:
            python = environment_file(Path(command[-1]))
            python.parent.mkdir(parents=True)
            python.touch()
        return subprocess.CompletedProcess(command, 0)

    monkeypatch.setattr(environment.subprocess, "run", run)
    return seen


def environment_file(venv: Path) -> Path:
    return venv / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")


def test_installs_the_tested_versions_once(environment, commands, tmp_path):
    python = environment.environment_python(tmp_path / "venv", here=False)
    assert python == environment_file(tmp_path / "venv")
    assert [command[1:3] for command in commands] == [["-m", "venv"], ["-m", "pip"], ["-m", "pip"]]
    assert all(str(environment.ROOT / "constraints.txt") in command for command in commands[1:])
    assert commands[-1][-2:] == ["-e", str(environment.ROOT)]
    commands.clear()
    assert environment.environment_python(tmp_path / "venv", here=False) == python
    assert commands == [], "an environment that is up to date is used as it is"


def test_tests_add_their_extra_to_the_same_environment(environment, commands, tmp_path):
    environment.environment_python(tmp_path / "venv", here=False)
    commands.clear()
    environment.environment_python(tmp_path / "venv", here=False, extra="dev")
    assert [command[1:3] for command in commands] == [["-m", "pip"], ["-m", "pip"]]
    assert commands[-1][-1] == f"{environment.ROOT}[dev]"
    commands.clear()
    environment.environment_python(tmp_path / "venv", here=False)
    assert commands == [], "what has the extra serves without it too"


def test_failed_installation_is_not_taken_for_a_whole_one(environment, commands, monkeypatch, tmp_path):
    whole = environment.subprocess.run

    def fail(command, **options):
        whole(command, **options)
        return subprocess.CompletedProcess(command, 1 if "pip" in command else 0)

    with monkeypatch.context() as patch:
        patch.setattr(environment.subprocess, "run", fail)
        with pytest.raises(environment.SetUpError, match=r"pip could not install torch.*network.*disk"):
            environment.environment_python(tmp_path / "venv", here=False)
    commands.clear()
    environment.environment_python(tmp_path / "venv", here=False)
    assert [command[1:3] for command in commands] == [["-m", "pip"], ["-m", "pip"]]


def test_here_is_the_running_python(environment):
    assert environment.environment_python(Path("unused"), here=True) == Path(sys.executable)


def test_old_python_is_refused_with_what_to_do(environment, monkeypatch, tmp_path):
    monkeypatch.setattr(environment.sys, "version_info", (3, 10, 4))
    with pytest.raises(environment.SetUpError, match=r"3\.11 or newer is needed: install it"):
        environment.environment_python(tmp_path, here=False)


@pytest.mark.parametrize("script", ["quickstart.py", "run_tests.py"])
def test_help_needs_no_environment(script, tmp_path):
    command = [sys.executable, "-S", str(SCRIPTS / script), "--help"]
    done = subprocess.run(command, check=True, capture_output=True, text=True, cwd=tmp_path)
    assert "--venv" in done.stdout
    assert not list(tmp_path.iterdir())


def test_run_tests_hands_its_arguments_to_pytest(tmp_path):
    (tmp_path / "test_one.py").write_text("def test_passes(): pass\ndef test_fails(): assert False\n")
    command = [
        sys.executable,
        str(SCRIPTS / "run_tests.py"),
        "--here",
        str(tmp_path / "test_one.py"),
        "-p",
        "no:cacheprovider",
    ]
    done = subprocess.run([*command, "-k", "passes"], capture_output=True, text=True, check=False)
    assert "1 passed, 1 deselected" in done.stdout
    assert done.returncode == 0
    assert subprocess.run(command, capture_output=True, check=False).returncode == 1
