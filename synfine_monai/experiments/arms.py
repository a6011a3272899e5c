"""Tables and figure of an experiment that sets arms of training side by side."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from matplotlib.figure import Figure

from synfine_monai.experiments.label_efficiency import budget_table
from synfine_monai.experiments.results import Row, difference, grouped, methods_in
from synfine_monai.experiments.tables import gain_table, score_table, write_tables
from synfine_monai.visualize import gains_figure


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
    sections = {
        "Dice of every arm": "\n".join(
            f"**{task}**\n\n{budget_table(each, scores[task], words)}" for task, each in grouped(rows, ["task"]).items()
        )
    }
    for heading, pairs in questions.items():
        there = [tuple(pair) for pair in pairs if set(pair) <= known]
        if there:
            sections[heading] = gain_table(groups, there, scores, words)
    sections |= dict(more or {})
    sections |= {f"{name} patches": score_table(each, scores[each[0]["task"]], words) for name, each in groups.items()}
    return write_tables(folder, title, sections, {"gains": _figure(rows, scores, words)})


def _figure(rows: Sequence[Row], scores: Mapping[str, str], words: Mapping[str, str]) -> Figure:
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
