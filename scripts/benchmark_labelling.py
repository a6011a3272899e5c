"""A robot labels the tasks: what strokes and seconds buy beside a random forest, and how long one waits after a stroke.

Usage: python scripts/benchmark_labelling.py [--tasks berea sandstone concrete] [--rounds 1 2 4 8 15] [--split test]
       [--data ../shared/data] [--output_dir results/labelling] [--threads 1] [--seed 0] [--sides 512 1000]

Writes trials.csv, trials.png and waiting.csv; tasks that are in trials.csv already are not run again.
"""

import argparse
import csv
import os
import tempfile
from pathlib import Path
from typing import Any

from synfine_monai.data import load_datalist
from synfine_monai.labelling import repaint_times, robot_trial, tiled_scan
from synfine_monai.report import write_csv_atomic
from synfine_monai.visualize import labelling_trial_figure

SCORES = {"sandstone": "mean_dice", "concrete": "pore_dice", "berea": "pore_dice"}
COLUMNS = ("task", "round", "strokes", "rounds", "seconds", "cpu_seconds", "network", "forest")


def trial(task: str, given: argparse.Namespace) -> list[dict[str, Any]]:
    """Rows of one task."""
    score, rows = SCORES[task], []
    described = load_datalist(given.data / task / "dataset.json", binary=score == "pore_dice")
    with tempfile.TemporaryDirectory() as folder:
        for row in robot_trial(described, Path(folder), given.rounds, given.seed, given.threads, given.split):
            values = {name: None if row[name] is None else round(row[name][score], 4) for name in ("network", "forest")}
            seconds = {name: round(float(row[name]), 2) for name in ("seconds", "cpu_seconds")}
            rows.append({"task": task, **{name: row[name] for name in COLUMNS[1:4]}, **seconds, **values})
            print(rows[-1], flush=True)
    return rows


def waiting(given: argparse.Namespace) -> list[dict[str, Any]]:
    """Seconds after each stroke on Berea, tiled to 1,000² voxels, for parts of several sizes."""
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        scan = tiled_scan(given.data / "berea" / "scan.tif", Path(folder) / "tiled.tif", 1000, 8)
        for side in given.sides:
            for row in repaint_times(scan, Path(folder) / str(side), ["matrix", "pore"], 6, side, given.threads):
                rows.append({"seen": side, **{name: round(value, 3) for name, value in row.items()}})
                print(rows[-1], f"load {os.getloadavg()[0]:.1f}", flush=True)
    return rows


def known_rows(path: Path) -> list[dict[str, Any]]:
    """Rows of an earlier start."""
    if not path.is_file():
        return []
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    numbers = COLUMNS[1:]
    return [{**row, **{name: float(row[name]) if row[name] else None for name in numbers}} for row in rows]


def main() -> None:
    """Run what is wanted."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tasks", nargs="*", default=list(SCORES), choices=list(SCORES))
    parser.add_argument("--rounds", nargs="*", type=int, default=[1, 2, 4, 8, 15])
    parser.add_argument("--sides", nargs="*", type=int, default=[512, 1000])
    parser.add_argument("--split", default="test")
    parser.add_argument("--data", type=Path, default=Path(__file__).resolve().parents[2] / "shared" / "data")
    parser.add_argument("--output_dir", type=Path, default=Path("results/labelling"))
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    given.output_dir.mkdir(parents=True, exist_ok=True)
    rows = known_rows(given.output_dir / "trials.csv")
    for task in given.tasks:
        if task not in {row["task"] for row in rows}:
            rows += trial(task, given)
            write_csv_atomic(given.output_dir / "trials.csv", rows, COLUMNS)
    if rows:
        trials = {task: [row for row in rows if row["task"] == task] for task in {row["task"]: None for row in rows}}
        words = {task: SCORES[task].replace("_", " ") for task in trials}
        labelling_trial_figure(trials, words).savefig(given.output_dir / "trials.png", dpi=130)
    if given.sides:
        write_csv_atomic(given.output_dir / "waiting.csv", waiting(given), ("seen", "written", "first", "all", "steps"))


if __name__ == "__main__":
    main()
