"""Many runs over seeds as one table and one figure, with intervals."""

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path

from synfine_monai.atomic_file import atomic_file
from synfine_monai.metrics.bootstrap import Interval, bootstrap_interval, paired_difference
from synfine_monai.report.table import method_words
from synfine_monai.visualize.comparison import comparison_figure

__all__ = ["draw_seeds", "read_runs", "seed_table"]

Run = Mapping[str, str]
TITLES = {"pore_dice": "pore Dice", "mean_dice": "mean Dice", "porosity_error": "porosity error, points"}
REFERENCE = "surgical"


def read_runs(path: str | Path) -> list[dict[str, str]]:
    """Rows of a ``runs.csv``: task, label_budget, method, seed, patch_seed and scores."""
    with Path(path).open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def seed_table(runs: Sequence[Run], main_scores: Mapping[str, str]) -> str:
    """Markdown: for each task, every method's mean and 95 % interval over runs, and what surgery gains over it.

    Args:
        runs: rows of ``read_runs``.
        main_scores: task -> the score in which the gain, paired by seeds, is given.
    """
    parts = []
    for task in dict.fromkeys(run["task"] for run in runs):
        chosen = [run for run in runs if run["task"] == task]
        score = main_scores[task]
        head = ["method", *TITLES.values(), f"surgical minus this, {TITLES[score]}"]
        lines = [f"### {task}, {chosen[0]['label_budget']} labelled patches, {count_runs(chosen)} runs", "",
                 f"| {' | '.join(head)} |", f"| {' | '.join('---' for _ in head)} |"]  # fmt: skip
        for method, words in method_words(list(dict.fromkeys(run["method"] for run in chosen))).items():
            cells = [_text(interval_of(chosen, method, key)) for key in TITLES]
            lines.append(f"| {words} | {' | '.join(cells)} | {_gain(chosen, method, score)} |")
        parts.append("\n".join(lines))
    return "\n\n".join(parts) + "\n"


def draw_seeds(runs: Sequence[Run], main_scores: Mapping[str, str], path: str | Path) -> None:
    """Draw each task's main score, one bar a method, with intervals over runs."""
    tasks = list(dict.fromkeys(run["task"] for run in runs))
    by_task = {task: [run for run in runs if run["task"] == task] for task in tasks}
    methods = method_words(list(dict.fromkeys(run["method"] for run in runs)))
    scores = {t: {m: tuple(interval_of(rows, m, main_scores[t])) for m in methods} for t, rows in by_task.items()}
    titles = {t: f"{t}, {rows[0]['label_budget']} patches: {TITLES[main_scores[t]]}" for t, rows in by_task.items()}
    title = "Test items; mean and 95 % interval over pre-training and patch seeds"
    figure = comparison_figure(scores, methods, titles, title)
    with atomic_file(path) as temporary:
        figure.savefig(temporary, dpi=110)


def count_runs(runs: Sequence[Run]) -> int:
    """Number of (seed, patch_seed) pairs."""
    return len({(run["seed"], run["patch_seed"]) for run in runs})


def interval_of(runs: Sequence[Run], method: str, score: str) -> Interval:
    """Mean and 95 % bootstrap interval of one method's score over its runs."""
    return bootstrap_interval([float(run[score]) for run in runs if run["method"] == method])


def _gain(runs: Sequence[Run], method: str, score: str) -> str:
    if method == REFERENCE:
        return ""
    surgical, other = _by_seeds(runs, REFERENCE, score), _by_seeds(runs, method, score)
    if len({seed for seed, _ in other}) == 1:  # does not depend on pre-training: serves every seed
        other = {(seed, patch): value for seed, _ in surgical for (_, patch), value in other.items()}
    pairs = sorted(surgical.keys() & other.keys())
    gain = paired_difference([surgical[pair] for pair in pairs], [other[pair] for pair in pairs])
    return f"{gain.mean:+.3f} [{gain.low:+.3f}, {gain.high:+.3f}]"


def _by_seeds(runs: Sequence[Run], method: str, score: str) -> dict[tuple[str, str], float]:
    return {(run["seed"], run["patch_seed"]): float(run[score]) for run in runs if run["method"] == method}


def _text(interval: Interval) -> str:
    return f"{interval.mean:.3f} [{interval.low:.3f}, {interval.high:.3f}]"
