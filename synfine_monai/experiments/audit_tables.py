"""Tables and the figure of the experiment on audits."""

from collections.abc import Sequence
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from synfine_monai.experiments.results import Row, grouped
from synfine_monai.experiments.tables import markdown_table, write_tables

DESIGNS = {
    "uniform": "uniform",
    "mixed": "a quarter by uncertainty (the default)",
    "half": "half by uncertainty",
    "soft": "the default, mean probability",
    "inside": "wrong: inside the image only",
}
COLORS = {"uniform": "#56B4E9", "mixed": "#0072B2", "half": "#CC79A7", "soft": "#009E73", "inside": "#D55E00"}


def audit_report(folder: str | Path, title: str, rows: Sequence[Row]) -> Path:
    """Write ``tables.md`` and ``coverage.png``.

    Args:
        folder: of the experiment.
        title: of the page.
        rows: of its ``runs.csv``.
    """
    exact = [row for row in rows if row["labeller"] == "exact"]
    sections = {"Coverage of all designs": _designs(exact)}
    for task, of_task in grouped(exact, ["task"]).items():
        sections[f"Coverage, %: {task}"] = _coverage(of_task, "mixed", "")
        sections[f"Half-width, points: {task}"] = _widths(of_task)
    sections["Labellers who err"] = _labellers([row for row in rows if row["network"] == "good"])
    if any(row.get("class_16") for row in rows):
        sections["The class that is covered least"] = _coverage(
            [row for row in rows if row.get("class_16")], "class", ""
        )
    return write_tables(folder, title, sections, {"coverage": _figure(exact)})


def _numbers(rows: Sequence[Row]) -> list[int]:
    names = [name.split("_") for name in rows[0] if name.startswith("mixed_") and name.count("_") == 1]
    return sorted(int(number) for _, number in names)


def _cells(rows: Sequence[Row], column: str) -> np.ndarray:
    return np.array([100 * float(row[column]) for row in rows])


def _span(values: np.ndarray) -> str:
    """Mean, and lowest to highest where there are several."""
    return f"{values.mean():.1f}" + (f" ({values.min():.1f} to {values.max():.1f})" if len(values) > 1 else "")


def _designs(rows: Sequence[Row]) -> str:
    """All tasks, networks, seeds and sizes of windows: mean, lowest and highest coverage."""
    numbers = _numbers(rows)
    body = [[words, *(_span(_cells(rows, f"{name}_{n}")) for n in numbers)] for name, words in DESIGNS.items()]
    return markdown_table(["design", *(f"{n} windows" for n in numbers)], body)


def _coverage(rows: Sequence[Row], design: str, suffix: str) -> str:
    numbers = _numbers(rows)
    body = [
        [name, *(_span(_cells(of, f"{design}_{n}{suffix}")) for n in numbers)]
        for name, of in grouped(rows, ["network", "window"]).items()
    ]
    return markdown_table(["network, window", *(f"{n} windows" for n in numbers)], body)


def _widths(rows: Sequence[Row]) -> str:
    """Of the default design, and from the labels alone without a network; and from single voxels, as many or as big."""
    numbers = _numbers(rows)
    body = []
    for name, of in grouped(rows, ["network", "window"]).items():
        cells = [
            f"{np.mean(_cells(of, f'mixed_{n}_half')):.2f} / {np.mean(_cells(of, f'soft_{n}_half')):.2f} / "
            f"{np.mean(_cells(of, f'alone_{n}_half')):.2f} / {np.mean([_points(row, n) for row in of]):.2f}"
            for n in numbers
        ]
        body.append([name, f"{np.mean(_cells(of, 'predicted') - _cells(of, 'porosity')):+.2f}", *cells])
    return markdown_table(["network, window", "segmentation off by", *(f"{n} windows" for n in numbers)], body)


def _points(row: Row, windows: int) -> float:
    """Half-width of as many single voxels, drawn at random, as the windows hold: 95 %, in points."""
    share, voxels = float(row["labels_say"]), windows * int(row["window"]) ** 2
    return 196 * float(np.sqrt(share * (1 - share) / voxels))


def _labellers(rows: Sequence[Row]) -> str:
    """Coverage of what these labels would say of the whole scan, and of the truth."""
    numbers = _numbers(rows)
    body = []
    for name, of in grouped(rows, ["task", "labeller"]).items():
        off = np.mean(_cells(of, "labels_say") - _cells(of, "porosity"))
        cells = [
            f"{_cells(of, f'mixed_{n}').mean():.1f} / {_cells(of, f'mixed_{n}_truth').mean():.1f}" for n in numbers
        ]
        body.append([name, f"{off:+.2f}", *cells])
    return markdown_table(["task, labeller", "labels off by", *(f"{n} windows" for n in numbers)], body)


def _figure(rows: Sequence[Row]) -> Figure:
    figure, axes = plt.subplots(figsize=(7.5, 4.5), constrained_layout=True)
    numbers = _numbers(rows)
    axes.axhspan(93, 97, color="#DDDDDD", zorder=0, label="93 to 97 %")
    for shift, (name, words) in enumerate(DESIGNS.items()):
        for place, n in enumerate(numbers):
            cells = _cells(rows, f"{name}_{n}")
            spread = np.linspace(-0.06, 0.06, len(cells)) if len(cells) > 1 else np.zeros(1)
            axes.plot(place + 0.16 * (shift - 2) + spread, np.sort(cells), ".", markersize=4, color=COLORS[name],
                      label=words if place == 0 else None)  # fmt: skip
    axes.set_xticks(range(len(numbers)), [str(n) for n in numbers])
    axes.set(xlabel="windows of an audit", ylabel="audits whose interval covers the truth (%)",
             title="Each dot: a task, a network and a size of window")  # fmt: skip
    axes.legend(fontsize=8, loc="lower left")
    return figure
