"""The project's own Python environment: made once, reused while nothing that it depends on has changed.

This file and the scripts that import it need nothing but Python itself, and say so if that Python is too old.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import subprocess
import sys
import time
from pathlib import Path

__all__ = ["ROOT", "SetUpError", "add_environment_options", "environment_python", "minutes_since"]

ROOT = Path(__file__).resolve().parents[1]
OLDEST_PYTHON = (3, 11)
STAMP = "installed-for-synfine.txt"


class SetUpError(RuntimeError):
    """The environment cannot be made; the message says why and what to do."""


def add_environment_options(parser: argparse.ArgumentParser) -> None:
    """Add --venv and --here to a script's options."""
    parser.add_argument(
        "--venv",
        type=Path,
        default=ROOT / ".venv",
        metavar="DIR",
        help="environment to make or reuse (default: .venv in this project)",
    )
    parser.add_argument(
        "--here", action="store_true", help="install nothing: use the Python that runs this script as it is"
    )


def environment_python(venv: Path, here: bool, extra: str | None = None) -> Path:
    """Python of an environment in which the project is installed with the tested versions.

    Args:
        venv: folder of the environment; made if absent.
        here: use the running Python as it is.
        extra: extra of pyproject.toml to install as well, such as "dev".

    Raises:
        SetUpError: if Python is too old, or the environment cannot be made or filled.
    """
    if sys.version_info < OLDEST_PYTHON:
        found, needed = sys.version.split()[0], ".".join(map(str, OLDEST_PYTHON))
        raise SetUpError(
            f"this is Python {found} ({sys.executable}), but {needed} or newer is needed: "
            "install it from https://www.python.org and run the same command with it."
        )
    if here:
        if _quietly(sys.executable, "-c", "import synfine_monai"):
            raise SetUpError(
                f"--here: the project is not installed in {sys.executable}. "
                f'Leave --here out, or first run: "{sys.executable}" -m pip install -c constraints.txt -e .'
            )
        return Path(sys.executable)
    venv = venv.expanduser().absolute()
    python = venv / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    recipe = _recipe(extra)
    if python.is_file() and (venv / STAMP).is_file() and recipe in (venv / STAMP).read_text(encoding="utf-8"):
        print(f"Using the environment {venv}", flush=True)
        return python
    began = time.monotonic()
    _make(venv, python)
    _install(venv, python, extra)
    (venv / STAMP).write_text(_recipe(None) + recipe, encoding="utf-8")  # an extra contains what goes without
    print(f"Environment ready in {minutes_since(began)}: {venv}\n", flush=True)
    return python


def minutes_since(began: float) -> str:
    """Time since ``began`` (``time.monotonic``) in words, such as "1.5 minutes"."""
    return f"{(time.monotonic() - began) / 60:.1f} minutes"


def _recipe(extra: str | None) -> str:
    """A line that changes whenever the environment must be filled anew."""
    files = [ROOT / "pyproject.toml", ROOT / "constraints.txt"]
    digest = hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()
    return f"{ROOT} extra={extra} {digest}\n"


def _make(venv: Path, python: Path) -> None:
    if python.is_file() and not _quietly(python, "-m", "pip", "--version"):
        return
    print(f"Making the environment {venv}", flush=True)
    if subprocess.run([sys.executable, "-m", "venv", str(venv)], check=False).returncode:
        raise SetUpError(
            f"the environment {venv} could not be made, see above. On Debian and Ubuntu install the "
            "package python3-venv; elsewhere check that the folder is writable, or name another by --venv."
        )


def _install(venv: Path, python: Path, extra: str | None) -> None:
    print("Installing the project with the versions of constraints.txt: some minutes the first time.", flush=True)
    target = str(ROOT) if extra is None else f"{ROOT}[{extra}]"
    pip = [str(python), "-m", "pip", "install", "--disable-pip-version-check", "-c", str(ROOT / "constraints.txt")]
    if not sys.stdout.isatty():
        pip.append("--quiet")
    for what in (["torch"], ["-e", target]):
        if subprocess.run([*pip, *what], check=False).returncode:
            raise SetUpError(
                f"pip could not install {what[-1]}, see above. Is there a network (HTTPS_PROXY names a "
                f"proxy) and room on the disk of {venv}? The same command goes on where this one stopped."
            )


def _quietly(*command: str | Path) -> int:
    """Exit code of a command away from the project, where only what is installed can be found."""
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    return subprocess.run([str(word) for word in command], cwd=ROOT.parent, check=False, **quiet).returncode
