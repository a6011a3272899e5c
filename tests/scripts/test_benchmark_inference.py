"""Inference, its parts and its rivals side by side: every contender gets its line."""

import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "benchmark_inference.py"


@pytest.mark.slow
def test_every_contender_is_timed_against_inference():
    command = [sys.executable, str(SCRIPT), "--depth", "4", "--side", "64", "--rounds", "1"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in done.stdout.splitlines() if "|" in line]
    found = {row[0]: [float(cell) for cell in row[1:]] for row in rows[2:]}
    assert list(found) == ["inference", "passes", "eager", "monai", "monai_bf16"]
    assert found["inference"][2:4] == [1.0, 1.0]
    assert all(0.05 < peak < 5 for *_, peak in found.values()), "GB, of each process alone"
