"""Tables and figures over numbers of labelled patches: of methods, or of arms of training set side by side."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from synfine_monai.experiments.results import Row, dice_by_seed, difference, grouped, interval, methods_in
from synfine_monai.experiments.tables import gain_table, markdown_table, score_table, write_tables
from synfine_monai.report import method_words
from synfine_monai.visualize import gains_figure, label_efficiency_figure


def label_report(
    folder: str | Path, title: str, rows: Sequence[Row], scores: Mapping[str, str], default: str = "surgical"
) -> Path:
    """Write ``tables.md`` and ``label_efficiency.png``.

    Args:
        folder: of the experiment.
        title: of the page.
        rows: of its ``runs.csv``.
        scores: task -> the Dice by which methods are judged.
        default: the method that the others are compared with.
    """
    groups = grouped(rows, ("task", "label_budget"))
    rivals = [m for m in ("scratch", "random_forest", "threshold", "all", "surgical", "last_layer") if m != default]
    pairs = [(default, rival) for rival in rivals if rival in methods_in(rows)]
    sections = {
        "Dice by number of labelled patches": budget_tables(rows, scores),
        f"What the default ({default}) gains": gain_table(groups, pairs, scores),
        "Labels needed": needed_table(rows, scores),
        "Labels saved": saved_table(rows, scores, default),
        **{f"{name} patches": score_table(each, scores[each[0]["task"]]) for name, each in groups.items()},
    }
    return write_tables(folder, title, sections, {"label_efficiency": _figure(rows, scores)})


def budget_tables(rows: Sequence[Row], scores: Mapping[str, str], more: Mapping[str, str] | None = None) -> str:
    """Methods × number of patches, task by task; ``more`` are methods of this experiment in words."""
    tables = []
    for task, of_task in grouped(rows, ["task"]).items():
        budgets = grouped(of_task, ["label_budget"])
        body = [
            [
                text,
                *(str(interval(each, m, scores[task])) if m in methods_in(each) else "–" for each in budgets.values()),
            ]
            for m, text in method_words(methods_in(of_task), more).items()
        ]
        tables.append(f"**{task}**\n\n{markdown_table(['method', *(f'N = {budget}' for budget in budgets)], body)}")
    return "\n".join(tables)


def needed_table(rows: Sequence[Row], scores: Mapping[str, str], margin: float = 0.01) -> str:
    """Patches that each method needs to come within ``margin`` of the best Dice at all labels."""
    body = []
    for task, of_task in grouped(rows, ["task"]).items():
        score = scores[task]
        largest = [row for row in of_task if row["label_budget"] == "all"]
        if not largest:
            continue
        target = max(interval(largest, m, score).mean for m in methods_in(largest)) - margin
        for method, words in method_words(methods_in(of_task)).items():
            body.append([task, f"{target:.3f}", words, _needed_text(of_task, method, score, target)])
    return markdown_table(["task", "Dice", "method", "patches: median (least to most over seeds)"], body)


def labels_needed(patches: Sequence[int], dice: Sequence[float], target: float) -> float:
    """Patches at which a curve first reaches ``target``, interpolated on a log scale; infinite if it never does.

    Args:
        patches: rising numbers of patches.
        dice: the Dice at each.
        target: the Dice to reach.
    """
    if dice[0] >= target:
        return float(patches[0])
    for (n0, d0), (n1, d1) in pairwise(zip(patches, dice, strict=True)):
        if d0 < target <= d1:
            share = (target - d0) / (d1 - d0)
            return float(np.exp(np.log(n0) + share * (np.log(n1) - np.log(n0))))
    return float("inf")


def saved_table(rows: Sequence[Row], scores: Mapping[str, str], default: str, budget: str = "16") -> str:
    """Patches that others need, seed by seed, to reach what ``default`` reaches with ``budget`` patches."""
    body = []
    for task, of_task in grouped(rows, ["task"]).items():
        score = scores[task]
        reached = dice_by_seed([row for row in of_task if row["label_budget"] == budget], default, score)
        for method, words in method_words([m for m in methods_in(of_task) if m != default]).items():
            curves = _curves_by_seed(of_task, method, score)
            needed = [labels_needed(*curves[seed], dice) for seed, dice in reached.items() if seed in curves]
            body.append([task, words, _spread(needed)])
    head = ["task", "method", f"patches for the Dice of {method_words([default])[default]} at {budget}"]
    return markdown_table(head, body)


def _needed_text(rows: Sequence[Row], method: str, score: str, target: float) -> str:
    return _spread([labels_needed(*curve, target) for curve in _curves_by_seed(rows, method, score).values()])


def _spread(needed: Sequence[float]) -> str:
    """Median, least and most of some numbers of patches."""
    if not needed:
        return "–"
    text = ["not reached" if np.isinf(n) else f"{n:.0f}" for n in (np.median(needed), min(needed), max(needed))]
    return f"{text[0]} ({text[1]} to {text[2]})"


def _curves_by_seed(rows: Sequence[Row], method: str, score: str) -> dict[str, tuple[list[int], list[float]]]:
    """Seed -> rising numbers of patches, and the Dice at each."""
    points: dict[str, list[tuple[int, float]]] = {}
    for each in grouped(rows, ["label_budget"]).values():
        for seed, dice in dice_by_seed(each, method, score).items():
            count = next(int(r["patches"]) for r in each if r["method"] == method and r["seed"] == seed)
            points.setdefault(seed, []).append((count, dice))
    return {
        seed: ([n for n, _ in sorted(found)], [dice for _, dice in sorted(found)]) for seed, found in points.items()
    }


def _figure(rows: Sequence[Row], scores: Mapping[str, str]) -> Figure:
    words = method_words(methods_in(rows))
    curves = {}
    for task, of_task in grouped(rows, ["task"]).items():
        curves[f"{task}: {scores[task].replace('_dice', ' Dice')}"] = {
            words[m]: {
                int(each[0]["patches"]): interval(each, m, scores[task])
                for each in grouped(of_task, ["label_budget"]).values()
                if m in methods_in(each)
            }
            for m in words
            if m in methods_in(of_task)
        }
    title = "What labels buy; 95 % intervals over seeds and places"
    everything = any(row["label_budget"] == "all" for row in rows)
    return label_efficiency_figure(curves, "Dice on test items", title, everything)


def arm_report(
    folder: str | Path,
    title: str,
    rows: Sequence[Row],
    scores: Mapping[str, str],
    words: Mapping[str, str],
    questions: Mapping[str, Sequence[Sequence[str]]],
    more: Mapping[str, str] | None = None,
) -> Path:
    """Write ``tables.md`` and ``gains.png``.

    Args:
        folder: of the experiment.
        title: of the page.
        rows: of its ``runs.csv``.
        scores: task -> the Dice by which arms are judged.
        words: arm -> what tables call it, in their order; the first one is what the figure compares the others with.
        questions: heading -> (arm, reference) pairs whose differences answer it.
        more: further sections, heading -> Markdown.
    """
    groups = grouped(rows, ("task", "label_budget"))
    known = set(methods_in(rows))
    sections = {"Dice of every arm": budget_tables(rows, scores, words)}
    for heading, pairs in questions.items():
        there = [(arm, reference) for arm, reference in pairs if {arm, reference} <= known]
        if there:
            sections[heading] = gain_table(groups, there, scores, words)
    sections |= dict(more or {})
    sections |= {f"{name} patches": score_table(each, scores[each[0]["task"]], words) for name, each in groups.items()}
    return write_tables(folder, title, sections, {"gains": _gains(rows, scores, words)})


def _gains(rows: Sequence[Row], scores: Mapping[str, str], words: Mapping[str, str]) -> Figure:
    reference, *arms = [arm for arm in words if arm in methods_in(rows)]
    gains: dict[str, dict[str, dict[str, Sequence[float]]]] = {}
    for task, of_task in grouped(rows, ["task"]).items():
        panel = gains.setdefault(f"{task}: {scores[task].replace('_dice', ' Dice')}", {})
        for arm in arms:
            for budget, each in grouped(of_task, ["label_budget"]).items():
                if {arm, reference} <= set(methods_in(each)) and (
                    gain := difference(each, arm, reference, scores[task])
                ):
                    panel.setdefault(words[arm], {})[budget] = (gain.mean, gain.low, gain.high)
    return gains_figure(gains, words[reference])
