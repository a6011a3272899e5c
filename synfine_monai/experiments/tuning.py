"""Tables and figures of the experiments that compare ways to tune: corrupted data, and synthetic to real."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from matplotlib.figure import Figure

from synfine_monai.experiments.results import (
    BLOCKS,
    LEVELS,
    Row,
    dice_by_seed,
    grouped,
    interval,
    mean_ranks,
    methods_in,
    rank_correlation,
    rgn_by_seed,
    selected_by_seed,
    with_selected,
)
from synfine_monai.experiments.tables import gain_table, markdown_table, score_table, write_tables
from synfine_monai.metrics import bootstrap_interval
from synfine_monai.report import method_words
from synfine_monai.visualize import rank_figure, rgn_and_dice_figure

CLAIMS = {
    "What tuning the level of highest RGN gains": (
        "surgical",
        ("native", "last_layer", "all", "scratch", "random_forest"),
    ),
    "What tuning all layers gains": ("all", ("native", "last_layer", "scratch", "random_forest")),
}
"""Heading -> a method and what it is compared with, as far as an experiment has it."""
ACROSS = {"all": "all layers", "last_layer": "last layer", "scratch": "from scratch"}
"""Methods that the figure shows as lines, and their words."""


def tuning_report(
    folder: str | Path, title: str, rows: Sequence[Row], scores: Mapping[str, str], factors: Sequence[str]
) -> Path:
    """Write ``tables.md``, ``rgn_and_dice.png`` and ``ranks.png``.

    Args:
        folder: of the experiment.
        title: of the page.
        rows: of its ``runs.csv``.
        scores: task -> the Dice by which methods are judged.
        factors: what makes a group of comparable runs: ("task", "shift"), say.
    """
    groups = {name: with_selected(of_group) for name, of_group in grouped(rows, factors).items()}
    everywhere = set.intersection(*(set(methods_in(each)) for each in groups.values()))
    gains = {
        heading: gain_table(groups, [(method, rival) for rival in rivals if rival in everywhere], scores)
        for heading, (method, rivals) in CLAIMS.items()
    }
    ranks = mean_ranks(groups, scores)
    sections = {
        "Does RGN find the part to tune?": selection_table(groups, scores),
        **gains,
        "Mean ranks": rank_table(ranks),
        **{name: score_table(each, scores[each[0]["task"]]) for name, each in groups.items()},
    }
    words = method_words(list(ranks))
    figures = {
        "rgn_and_dice": rgn_and_dice(groups, scores),
        "ranks": rank_figure({words[m]: taken for m, taken in ranks.items()}),
    }
    return write_tables(folder, title, sections, figures)


def selection_table(groups: Mapping[str, Sequence[Row]], scores: Mapping[str, str]) -> str:
    """What RGN selected, what was best, and how well the two orders agree."""
    head = ["", "block of highest RGN", "best block", "RGN–Dice, blocks", "level of highest RGN", "best level",
            "RGN–Dice, levels"]  # fmt: skip
    body = []
    for name, rows in groups.items():
        score = scores[rows[0]["task"]]
        cells = [name]
        for parts in (BLOCKS, LEVELS):
            correlation = rank_correlation(rows, parts, score)
            cells += [_counted(selected_by_seed(rows, parts).values()), _counted(_best(rows, parts, score)),
                      "–" if correlation is None else f"{correlation:+.2f}"]  # fmt: skip
        body.append(cells)
    note = "In brackets: in how many seeds. RGN–Dice: Spearman's rank correlation, mean over seeds."
    return f"{markdown_table(head, body)}\n{note}\n"


def rank_table(ranks: Mapping[str, Sequence[float]]) -> str:
    """Mean rank of every method over all groups and seeds, what RGN selected included."""
    words = method_words(list(ranks))
    means = sorted((sum(taken) / len(taken), method) for method, taken in ranks.items() if taken)
    return markdown_table(["method", f"mean rank among {len(means)}"], [[words[m], f"{mean:.1f}"] for mean, m in means])


def rgn_and_dice(groups: Mapping[str, Sequence[Row]], scores: Mapping[str, str]) -> Figure:
    """The paper's Figures 4 to 6: RGN of blocks and levels, and the Dice that tuning each alone reaches."""
    panels, lines = {}, {}
    for name, rows in groups.items():
        score, present, rgn = scores[rows[0]["task"]], methods_in(rows), rgn_by_seed(rows)
        panels[name] = {
            part: {
                **({"rgn": bootstrap_interval([each[part] for each in rgn.values()])} if rgn else {}),
                **({"dice": interval(rows, part, score)} if part in present else {}),
            }
            for part in (*BLOCKS, *LEVELS)
        }
        lines[name] = {w: interval(rows, m, score).mean for m, w in ACROSS.items() if m in present}
    title = (
        "Does the part that responds most also gain most?\n95 % intervals: RGN over seeds, Dice over seeds and places"
    )
    return rgn_and_dice_figure(panels, title, lines, columns=3)


def _best(rows: Sequence[Row], parts: Sequence[str], score: str) -> list[str]:
    dice = {part: dice_by_seed(rows, part, score) for part in parts if part in methods_in(rows)}
    seeds = set.intersection(*(set(each) for each in dice.values())) if dice else set()
    return [max(dice, key=lambda part: dice[part][seed]) for seed in sorted(seeds)]


def _counted(names: Iterable[str]) -> str:
    return ", ".join(f"{name} ({count})" for name, count in Counter(names).most_common()) or "–"
