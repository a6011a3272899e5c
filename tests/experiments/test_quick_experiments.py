"""Every experiment runs through with ``--quick True``, and a second start finds that all is done."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from monai.bundle import ConfigParser

from synfine_monai.experiments import RunsFile

pytestmark = [pytest.mark.slow, pytest.mark.real]

ROOT = Path(__file__).resolve().parents[2]
LEFT_BEHIND = {
    "corrupted": {"rgn_and_dice.png", "ranks.png"},
    "synthetic_to_real": {"rgn_and_dice.png", "ranks.png"},
    "label_efficiency": {"label_efficiency.png"},
    "bridged": {"gains.png"},
    "style": {"gains.png", "distances.csv", "gallery_berea.jpg"},
    "hybrid": {"gains.png", "samples.csv", "samples.jpg"},
    "grey_levels": {"loss_and_sign.png"},
    "strokes": {"strokes.png"},
    "audit_coverage": {"coverage.png"},
    "trusted_numbers": {"errors.png"},
}


def start(name: str, data: Path, folder: Path) -> str:
    """Run an experiment quickly, away from the repository; returns what it printed."""
    options = {"quick": True, "jobs": 2, "data": data, "output_dir": folder / "out", "cache_dir": folder / "cache"}
    words = [part for option, value in options.items() for part in (f"--{option}", str(value))]
    command = [sys.executable, "-m", "monai.bundle", "run", "--config_file", f"configs/experiments/{name}.yaml", *words]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "OMP_WAIT_POLICY": "passive", "MPLBACKEND": "agg"}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{done.stdout[-2000:]}\n{done.stderr[-2000:]}"
    return done.stdout


def contents(folder: Path) -> dict[str, int]:
    """Every file below, and when it was written."""
    return {str(file.relative_to(folder)): file.stat().st_mtime_ns for file in folder.rglob("*") if file.is_file()}


@pytest.mark.parametrize("name", LEFT_BEHIND)
def test_quick_experiment_runs_through_and_only_once(name, real_data, tmp_path):
    config = {**ConfigParser.load_config_file(ROOT / f"configs/experiments/{name}.yaml"), "quick": True}
    runs, factors = (ConfigParser(config).get_parsed_content(part) for part in ("experiment::runs", "record::factors"))
    out = tmp_path / "out"

    start(name, real_data, tmp_path)
    record = RunsFile(out / "runs.csv", factors)
    assert len(record.rows) == len(runs)
    assert all(run in record for run in runs)
    if name == "grey_levels":
        assert all(
            0 <= float(row["dice"]) <= 1 and int(row["cases"]) == len(row["each"].split()) for row in record.rows
        )
    elif name == "audit_coverage":
        assert all(0.8 <= float(row["mixed_64"]) <= 1 and 0 < float(row["mixed_64_half"]) < 0.1 for row in record.rows)
    elif name == "trusted_numbers":
        assert all(0.05 < float(row["porosity"]) < 0.4 and float(row["conductivity_z"]) >= 0 for row in record.rows)
    else:
        assert all(0 <= float(row["mean_dice"]) <= 1 and row["places"] for row in record.rows)
    assert {file.name for file in out.iterdir()} == {"runs.csv", "tables.md", *LEFT_BEHIND[name]}
    assert not re.search(r"\bnan\b", (out / "tables.md").read_text("utf-8"))

    rows, stages = (out / "runs.csv").read_bytes(), contents(tmp_path / "cache")
    assert f"{len(runs)} runs, {len(runs)} of them in" in start(name, real_data, tmp_path)
    assert (out / "runs.csv").read_bytes() == rows
    assert contents(tmp_path / "cache") == stages
