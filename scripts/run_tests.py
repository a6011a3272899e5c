"""Install the project with what its tests need, and run them.

python scripts/run_tests.py                       all tests, side by side; at last those that need the machine
python scripts/run_tests.py tests/data -k tiff    arguments are handed on to pytest
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from pathlib import Path

from environment import ROOT, SetUpError, add_environment_options, environment_python, minutes_since

NO_TEST_CHOSEN = 5  # pytest's exit code


def main() -> int:
    """Run pytest in the project's environment; returns its exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False
    )
    add_environment_options(parser)
    options, pytest_arguments = parser.parse_known_args()
    try:
        python = environment_python(options.venv, options.here, extra="dev")
    except SetUpError as error:
        print(f"run_tests: {error}", file=sys.stderr)
        return 1
    if pytest_arguments:
        return _pytest(python, pytest_arguments)
    side_by_side = ["-n", str(os.cpu_count() or 1), "--dist"]
    codes = [
        _timed("quick tests", python, ["-m", "not slow", *side_by_side, "loadfile"], OMP_NUM_THREADS="1"),
        _timed("slow tests", python, ["-m", "slow and not alone", *side_by_side, "loadgroup"], OMP_NUM_THREADS="1"),
        _timed("slow tests, one by one", python, ["-m", "slow and alone"]),
    ]
    return next((code for code in codes if code not in (0, NO_TEST_CHOSEN)), 0)


def _timed(name: str, python: Path, arguments: list[str], **environment: str) -> int:
    began = time.monotonic()
    code = _pytest(python, ["--durations", "10", *arguments], **environment)
    print(f"{name}: {minutes_since(began)}", flush=True)
    return code


def _pytest(python: Path, arguments: list[str], **environment: str) -> int:
    # spinning OpenMP threads make processes that share a few cores several times slower
    given = {"OMP_WAIT_POLICY": "passive", **os.environ, **environment}
    return subprocess.run([str(python), "-m", "pytest", *arguments], cwd=ROOT, env=given, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
