"""Tables and the figure of the experiment on strokes."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from matplotlib.figure import Figure

from synfine_monai.experiments.results import Row, dice_by_seed, grouped, interval, methods_in
from synfine_monai.experiments.tables import gain_table, markdown_table, score_table, write_tables
from synfine_monai.report import method_words
from synfine_monai.visualize import label_efficiency_figure


def stroke_report(
    folder: str | Path,
    title: str,
    rows: Sequence[Row],
    scores: Mapping[str, str],
    words: Mapping[str, str],
    questions: Mapping[str, Sequence[Sequence[str]]],
    strokes: Mapping[str, int],
) -> Path:
    """Write ``tables.md`` and ``strokes.png``.

    Args:
        folder: of the experiment.
        title: of the page.
        rows: of its ``runs.csv``.
        scores: task -> the Dice by which arms are judged.
        words: arm -> what tables call it, in their order.
        questions: heading -> (arm, reference) pairs whose differences answer it.
        strokes: labels -> strokes a class, of those that are strokes.
    """
    rows = sorted(rows, key=_order)
    groups = grouped(rows, ("task", "labels"))
    sections = {"Dice of every arm": labels_table(rows, scores, words)}
    for heading, pairs in questions.items():
        asked = [(arm, reference) for arm, reference in pairs]
        there = {name: each for name, each in groups.items() if any(set(p) <= set(methods_in(each)) for p in asked)}
        if there:
            sections[heading] = gain_table(there, asked, scores, words)
    sections["Seed by seed"] = seed_table(rows, scores, words)
    sections |= {name: score_table(each, scores[each[0]["task"]], words) for name, each in groups.items()}
    return write_tables(folder, title, sections, {"strokes": _figure(rows, scores, words, strokes)})


def _order(row: Row) -> tuple[str, str, int]:
    """Tasks, and of each the labels from few to many."""
    kind, number = row["labels"].rsplit("_", 1)
    return row["task"], kind, int(number)


def labels_table(rows: Sequence[Row], scores: Mapping[str, str], words: Mapping[str, str]) -> str:
    """Arms × labels, task by task."""
    tables = []
    for task, of_task in grouped(rows, ["task"]).items():
        columns = grouped(of_task, ["labels"])
        body = [
            [text, *(_cell(each, m, scores[task]) for each in columns.values())]
            for m, text in method_words(methods_in(of_task), words).items()
        ]
        head = ["arm", *(name.replace("_", " ") for name in columns)]
        tables.append(f"**{task}**, {scores[task].replace('_', ' ')}\n\n{markdown_table(head, body)}")
    return "\n".join(tables)


def _cell(rows: Sequence[Row], method: str, score: str) -> str:
    return str(interval(rows, method, score)) if method in methods_in(rows) else "–"


def seed_table(rows: Sequence[Row], scores: Mapping[str, str], words: Mapping[str, str]) -> str:
    """Every row's Dice, arms × seeds, task by task and labels by labels."""
    seeds = list(dict.fromkeys(row["seed"] for row in rows))
    body = []
    for name, each in grouped(rows, ("task", "labels")).items():
        for method, text in method_words(methods_in(each), words).items():
            dice = dice_by_seed(each, method, scores[each[0]["task"]])
            body.append([name.replace("_", " "), text, *(f"{dice[s]:.3f}" if s in dice else "–" for s in seeds)])
    return markdown_table(["", "arm", *(f"seed {seed}" for seed in seeds)], body)


def _figure(
    rows: Sequence[Row], scores: Mapping[str, str], words: Mapping[str, str], strokes: Mapping[str, int]
) -> Figure:
    """Arms that were run with more than one number of strokes; all where none was."""
    drawn = [row for row in rows if row["labels"] in strokes]
    known = methods_in(drawn)
    several = [m for m in known if len({row["labels"] for row in drawn if row["method"] == m}) > 1] or known[:8]
    curves = {}
    for task, of_task in grouped(drawn, ["task"]).items():
        columns = grouped(of_task, ["labels"])
        curves[f"{task}: {scores[task].replace('_dice', ' Dice')}"] = {
            text: {strokes[n]: interval(each, m, scores[task]) for n, each in columns.items() if m in methods_in(each)}
            for m, text in method_words(several, words).items()
            if m in methods_in(of_task)
        }
    title = "What strokes buy; 95 % intervals over seeds and places"
    return label_efficiency_figure(curves, "Dice", title, False, "strokes of each class")
