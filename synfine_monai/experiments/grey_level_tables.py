"""Tables and the figure of the experiment on grey levels."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

from synfine_monai.experiments.results import Row, grouped
from synfine_monai.experiments.tables import markdown_table, write_tables

WAYS = {
    "own": "own (z-score)",
    "training": "training's",
    "fitted": "fitted",
    "auto": "default",
    "forest": "forest, own",
}
SERIOUS, HARMLESS = 0.02, 0.005
"""Dice lost above which the warning must speak, and below which it must be silent."""


def grey_level_report(folder: str | Path, title: str, rows: Sequence[Row]) -> Path:
    """Write ``tables.md`` and ``loss_and_sign.png``.

    Args:
        folder: of the experiment.
        title: of the page.
        rows: of its ``runs.csv``.
    """
    sections = {
        f"Dice lost, and error of the porosity in points: {task}": _table(list(of_task))
        for task, of_task in grouped([row for row in rows if row.get("dice")], ["task"]).items()
    }
    sections["The warning"] = _warnings(rows)
    figure, axes = plt.subplots(figsize=(6, 4), constrained_layout=True)
    for task, of_task in grouped(rows, ["task"]).items():
        cases = np.array([[lost, sign] for lost, sign, *_ in _cases(of_task)]).reshape(-1, 2)
        axes.scatter(cases[:, 1], cases[:, 0], s=8, label=task)
    axes.axhline(SERIOUS, color="grey", linestyle="--", linewidth=0.8)
    axes.set(xlabel="unexplained, nats a voxel", ylabel="Dice lost by the default", title=title)
    axes.legend()
    return write_tables(folder, title, sections, {"loss_and_sign": figure})


def _table(rows: Sequence[Row]) -> str:
    head = ["change", "scans", "Dice", *WAYS.values()]
    changes: dict[str, list[Row]] = {}
    for row in rows:
        changes.setdefault(row["change"], []).append(row)
    body = [
        [change, str(sum(int(r["cases"]) for r in of)), f"{_mean(of, 'dice'):.3f}", *(_cell(of, way) for way in WAYS)]
        for change, of in changes.items()
    ]
    return markdown_table(head, body)


def _warnings(rows: Sequence[Row]) -> str:
    """How often the warning speaks, by what is lost."""
    cases = np.array([[case[0], case[-1]] for case in _cases(rows)]).reshape(-1, 2)
    lost, warned = cases[:, 0], cases[:, 1] > 0
    kinds = {
        f"more than {SERIOUS:g}": lost > SERIOUS,
        "between": (lost <= SERIOUS) & (lost >= HARMLESS),
        f"less than {HARMLESS:g}": lost < HARMLESS,
    }
    body = [[kind, str(of.sum()), str((of & warned).sum())] for kind, of in kinds.items()]
    return markdown_table(["Dice lost", "scans", "warned of"], body)


def _cell(rows: Sequence[Row], way: str) -> str:
    if not rows[0].get(f"{way}_lost"):
        return "–"
    return f"{_mean(rows, f'{way}_lost'):.3f}, {_mean(rows, f'{way}_porosity'):+.2f}"


def _mean(rows: Sequence[Row], name: str) -> float:
    return float(np.mean([float(row[name]) for row in rows]))


def _cases(rows: Sequence[Row]) -> Iterator[list[float]]:
    for row in rows:
        for case in filter(None, row.get("each", "").split(" ")):
            yield [float(number) for number in case.split(":")]
