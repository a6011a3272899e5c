"""Tables and the figure of the experiment on trust: numbers of segmentations beside those of the truth."""

from collections.abc import Sequence
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from synfine_monai.experiments.results import Row
from synfine_monai.experiments.tables import markdown_table, write_tables
from synfine_monai.rock import AXES

TRUTH = "truth"
NUMBERS = {
    "porosity": "porosity",
    "surface": "surface by volume",
    "s2": "two-point correlation at lag 4",
    "s2_length": "correlation length",
    "chord": "mean chord",
    "diameter": "median pore diameter",
    "euler": "Euler density",
    "conductivity": "formation factor",
    "stokes": "permeability, Stokes",
    "cheap": "permeability, cheap field",
}
FLOW = ("conductivity", "stokes", "cheap")
COLORS = ("#0072B2", "#56B4E9", "#E69F00", "#009E73", "#D55E00", "#CC79A7")
Paired = list[tuple[Row, Row]]


def trust_report(folder: str | Path, title: str, rows: Sequence[Row]) -> Path:
    """Write ``tables.md`` and ``errors.png``.

    Args:
        folder: of the experiment.
        title: of the page.
        rows: of its ``runs.csv``.
    """
    truth = {row["block"]: row for row in rows if row["segmenter"] == TRUTH}
    names = list(dict.fromkeys(row["segmenter"] for row in rows if row["segmenter"] != TRUTH))
    pairs = {name: [(row, truth[row["block"]]) for row in rows if row["segmenter"] == name] for name in names}
    banded = {name: paired for name, paired in pairs.items() if any(row.get("cheap_at_0.1") for row, _ in paired)}
    sections = {
        "How far off, %": _errors(pairs),
        "Whether blocks keep their order": _orders(pairs),
        "Bands from nested level sets": _bands(banded),
    }
    return write_tables(folder, title, sections, {"errors": _figure(pairs)})


def _values(row: Row, number: str) -> list[float]:
    """A number of a block: one, or one for each axis; 0 conducts nothing, so that its formation factor is infinite."""
    if number not in FLOW:
        return [float(row[number])]
    found = [float(row[f"{number}_{axis}"]) for axis in AXES]
    return [1 / one if one else np.inf for one in found] if number == "conductivity" else found


def _both(paired: Paired, number: str) -> tuple[np.ndarray, np.ndarray]:
    """Found and true values of all blocks that let something through in both."""
    found = np.array([value for row, _ in paired for value in _values(row, number)])
    true = np.array([value for _, row in paired for value in _values(row, number)])
    known = np.isfinite(found) & np.isfinite(true)
    return found[known], true[known]


def _off(paired: Paired, number: str) -> np.ndarray:
    """Errors in percent of the true value; of Euler density, whose sign may change, of its mean."""
    found, true = _both(paired, number)
    return 100 * (found - true) / (abs(true.mean()) if number == "euler" else true)


def _errors(pairs: dict[str, Paired]) -> str:
    """Mean error ± its spread between blocks, and how much the blocks of the truth differ among themselves."""
    body = [["pore Dice", "", *(f"{np.mean([float(row['dice']) for row, _ in of]):.3f}" for of in pairs.values())]]
    for number, words in NUMBERS.items():
        _, true = _both(next(iter(pairs.values())), number)
        cells = [_cell(_off(of, number)) for of in pairs.values()]
        body.append([words, f"{100 * true.std(ddof=1) / abs(true.mean()):.0f}", *cells])
    return markdown_table(["number", "truth differs between blocks by", *pairs], body)


def _cell(errors: np.ndarray) -> str:
    return f"{errors.mean():+.1f} ± {errors.std(ddof=1):.1f}"


def _orders(pairs: dict[str, Paired]) -> str:
    """Correlation of found and true values over the blocks."""
    body = [
        [words, *(f"{np.corrcoef(*_both(of, number))[0, 1]:.3f}" for of in pairs.values())]
        for number, words in NUMBERS.items()
    ]
    return markdown_table(["number", *pairs], body)


def _bands(pairs: dict[str, Paired]) -> str:
    """Share of audits and blocks whose band holds the truth, and the width of the band by the median shift."""
    body = []
    for name, paired in pairs.items():
        for column in (column for column in paired[0][0] if column.startswith("shifts_")):
            _, window, count = column.split("_")
            cells = [f"{name}, {count} of {window}²", f"{np.median(_shifts(paired[0][0], column)):.2f}"]
            for number in ("conductivity", "cheap"):
                covered, width = zip(*(_band(row, true, column, number) for row, true in paired), strict=True)
                cells += [f"{100 * np.mean(covered):.0f}", f"{np.mean(width):.0f}"]
            body.append(cells)
    head = ["segmenter, windows", "median shift", "formation factor: covered, %", "width, %"]
    return markdown_table([*head, "permeability: covered, %", "width, %"], body)


def _shifts(row: Row, column: str) -> np.ndarray:
    return np.array(row[column].split(), dtype=float)


def _band(row: Row, true: Row, column: str, number: str) -> tuple[float, float]:
    """How often bands along z cover the truth, by the shifts of all audits; and their width in percent."""
    levels = {float(name.split("_at_")[1]): value for name, value in row.items() if name.startswith(f"{number}_at_")}
    levels[0.5] = row[f"{number}_z"]
    at = np.array(sorted(levels))
    logarithms = np.log([max(float(levels[level]), 1e-12) for level in at])

    def ends(shift: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return np.interp(0.5 + shift, at, logarithms), np.interp(0.5 - shift, at, logarithms)

    low, high = ends(_shifts(row, column))
    wanted = np.log(max(float(true[f"{number}_z"]), 1e-12))
    least, most = ends(np.median(_shifts(row, column)))
    width = np.exp(most - logarithms[at == 0.5][0]) - np.exp(least - logarithms[at == 0.5][0])
    return float(np.mean((low <= wanted) & (wanted <= high))), 100 * float(width)


def _figure(pairs: dict[str, Paired]) -> Figure:
    figure, axes = plt.subplots(figsize=(10, 4.5), constrained_layout=True)
    axes.axhline(0, color="grey", linewidth=0.8)
    for k, (name, paired) in enumerate(pairs.items()):
        for place, number in enumerate(NUMBERS):
            errors = np.sort(_off(paired, number))
            at = place + 0.15 * (k - 0.5 * (len(pairs) - 1)) + np.linspace(-0.05, 0.05, len(errors))
            axes.plot(at, errors, ".", color=COLORS[k % len(COLORS)], markersize=4, label=name if not place else None)
    axes.set_xticks(range(len(NUMBERS)), [words.replace(" ", "\n", 1) for words in NUMBERS.values()], fontsize=8)
    axes.set(ylabel="error (%)", yscale="symlog", title="Each dot: a block (of flow, along one axis)")
    axes.set_yticks([-100, -10, 0, 10, 100], ["-100", "-10", "0", "10", "100"])
    axes.legend(fontsize=8, ncols=len(pairs), loc="upper left")
    return figure
