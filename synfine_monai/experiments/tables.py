"""What an experiment leaves to be read: tables in one Markdown file, figures beside it."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from matplotlib.figure import Figure

from synfine_monai.experiments.results import Row, difference, interval, mean_of, methods_in, verdict
from synfine_monai.files import atomic_file
from synfine_monai.metrics import Interval
from synfine_monai.report import method_words

TITLES = {"mean_dice": "mean Dice", "pore_dice": "pore Dice"}
MEANS = {
    "pore_iou": ("pore IoU", 3),
    "accuracy": ("accuracy", 4),
    "porosity_error": ("porosity error, points", 2),
    "two_point_error": ("two-point error, %", 2),
}
"""Columns without intervals: title and decimals."""


def markdown_table(head: Sequence[str], body: Sequence[Sequence[str]]) -> str:
    """A pipe table."""
    lines = [head, ["---"] * len(head), *body]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


def score_table(rows: Sequence[Row], main: str, more: Mapping[str, str] | None = None) -> str:
    """Methods × scores: both Dice with intervals, the main one first, the other scores as means over seeds.

    Args:
        rows: of one task, shift and budget.
        main: "mean_dice" or "pore_dice", by which methods are sorted.
        more: methods of this experiment in words.
    """
    order = [main, *(score for score in TITLES if score != main)]
    words = method_words(methods_in(rows), more)
    scores = {method: [interval(rows, method, score) for score in order] for method in words}
    body = [
        [
            words[method],
            *map(str, scores[method]),
            *(_number(mean_of(rows, method, key), d) for key, (_, d) in MEANS.items()),
        ]
        for method in sorted(words, key=lambda m: -scores[m][0].mean)
    ]
    return markdown_table(["method", *(TITLES[s] for s in order), *(title for title, _ in MEANS.values())], body)


def gain_table(
    groups: Mapping[str, Sequence[Row]],
    pairs: Sequence[tuple[str, str]],
    scores: Mapping[str, str],
    more: Mapping[str, str] | None = None,
) -> str:
    """One line a group and one column a pair of methods: the difference in the group's main score, and the verdict.

    Args:
        groups: name -> rows; the name starts with the task.
        pairs: (method, reference).
        scores: task -> main score.
        more: methods of this experiment in words.
    """
    head = ["", *(" − ".join(method_words([m], more)[m] for m in pair) for pair in pairs)]
    body = []
    for name, rows in groups.items():
        gains = [difference(rows, *pair, scores[rows[0]["task"]]) for pair in pairs]
        body.append([name, *(f"{signed(gain)}, {verdict(gain)}" if gain else "–" for gain in gains)])
    return markdown_table(head, body)


def signed(gain: Interval) -> str:
    """A difference with its sign and interval."""
    return f"{gain.mean:+.3f} [{gain.low:+.3f}, {gain.high:+.3f}]"


def _number(value: float | None, decimals: int) -> str:
    return "–" if value is None else f"{value:.{decimals}f}"


def write_tables(folder: str | Path, title: str, sections: Mapping[str, str], figures: Mapping[str, Figure]) -> Path:
    """Write ``tables.md`` and one PNG a figure into ``folder``, and bring pages beside it up to date.

    Args:
        folder: made if missing.
        title: first heading.
        sections: heading -> Markdown below it.
        figures: file name without suffix -> figure; shown at the top.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    for name, figure in figures.items():
        with atomic_file(folder / f"{name}.png") as temporary:
            figure.savefig(temporary, dpi=100)
    pictures = [f"![{name.replace('_', ' ')}]({name}.png)" for name in figures]
    text = [f"# {title}", "Drawn from [runs.csv](runs.csv); do not edit by hand.", *pictures]
    text += [f"## {heading}\n\n{body.rstrip()}" for heading, body in sections.items()]
    with atomic_file(folder / "tables.md") as temporary:
        temporary.write_text("\n\n".join(text) + "\n", encoding="utf-8")
    for page in folder.parent.glob("*.md"):
        fill_in(page, folder.name, sections)
    return folder / "tables.md"


def fill_in(page: str | Path, experiment: str, sections: Mapping[str, str]) -> None:
    """Put tables between the marks ``<!-- EXPERIMENT: HEADING -->`` and ``<!-- end -->`` of a page written by hand.

    Nothing happens where there is no such page or mark.
    """
    page = Path(page)
    if not page.is_file():
        return
    text = before = page.read_text(encoding="utf-8")
    for heading, body in sections.items():
        mark = f"<!-- {experiment}: {heading} -->"
        between = re.compile(f"{re.escape(mark)}.*?<!-- end -->", re.DOTALL)
        text = between.sub(f"{mark}\n\n{body.strip()}\n\n<!-- end -->".replace("\\", r"\\"), text)
    if text != before:
        with atomic_file(page) as temporary:
            temporary.write_text(text, encoding="utf-8")
