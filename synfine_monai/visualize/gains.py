"""What each arm of an experiment gains over one of them, with its interval."""

from collections.abc import Mapping, Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure

__all__ = ["gains_figure"]

COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00")
MARKERS = ("o", "s", "^", "D", "v")
TIE = 0.01

Gains = Mapping[str, Mapping[str, Sequence[float]]]


def gains_figure(gains: Mapping[str, Gains], reference: str, score_name: str = "Dice") -> Figure:
    """One panel a task, one line an arm, one dot with its interval for each number of labelled patches.

    Args:
        gains: task in words -> arm in words -> number of patches -> (mean, low, high) of the difference.
        reference: what the arms are compared with, in words.
        score_name: of the horizontal axis.

    Raises:
        ValueError: if there are more than five numbers of patches.
    """
    arms = list(dict.fromkeys(arm for task in gains.values() for arm in task))
    budgets = list(dict.fromkeys(budget for task in gains.values() for arm in task.values() for budget in arm))
    if len(budgets) > len(COLORS):
        raise ValueError(f"{len(budgets)} numbers of patches cannot be told apart: draw at most {len(COLORS)}.")
    figure = Figure(figsize=(2.6 + 3.2 * len(gains), 1.9 + 0.42 * len(arms)), layout="constrained")
    panels = figure.subplots(1, len(gains), squeeze=False, sharey=True)[0]
    for axes, (task, of_task) in zip(panels, gains.items(), strict=True):
        axes.axvspan(-TIE, TIE, color="0.93", zorder=0)
        axes.axvline(0, color="0.4", linewidth=0.8)
        _draw_arms(axes, of_task, arms, budgets)
        axes.set(title=task, xlabel=f"difference in {score_name}")
        axes.grid(axis="x", alpha=0.3)
        axes.locator_params(axis="x", nbins=5)
        axes.spines[["top", "right"]].set_visible(False)
    panels[0].set_yticks(range(len(arms)), arms)
    panels[0].invert_yaxis()
    handles, names = panels[0].get_legend_handles_labels()
    figure.legend(handles, names, loc="outside lower center", ncols=len(budgets), frameon=False)
    figure.suptitle(f"Gain over {reference}\n95 % intervals over seeds and places, ties shaded", fontsize="medium")
    return figure


def _draw_arms(axes: Axes, of_task: Gains, arms: Sequence[str], budgets: Sequence[str]) -> None:
    for number, budget in enumerate(budgets):
        found = [(arms.index(arm), gain[budget]) for arm, gain in of_task.items() if budget in gain]
        offset = 0.18 * (number - (len(budgets) - 1) / 2)
        mean, low, high = (([gain[part] for _, gain in found]) for part in range(3))
        spread = [[m - e for m, e in zip(mean, low, strict=True)], [e - m for m, e in zip(mean, high, strict=True)]]
        lines = [line + offset for line, _ in found]
        axes.errorbar(mean, lines, xerr=spread, fmt=MARKERS[number], color=COLORS[number], markersize=4.5,
                      linewidth=1.2, label=f"{budget} patches")  # fmt: skip
