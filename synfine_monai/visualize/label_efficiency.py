"""Dice against the number of labelled patches, and what each arm of training gains on another."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000", "#999999")
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*")
FINE_TICKS = (0.82, 0.84, 0.86, 0.88, 0.9, 0.92, 0.94, 0.96, 0.98)
COARSE_TICKS = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98)
CLOSE = 1.4
"""Numbers nearer than this factor would have names on top of each other."""

Curve = Mapping[int, Sequence[float]]
TIE = 0.01
MOST_BUDGETS = 5  # with room for them on a line
Gains = Mapping[str, Mapping[str, Sequence[float]]]


def label_efficiency_figure(
    curves: Mapping[str, Mapping[str, Curve]],
    score_name: str,
    title: str = "What do more labels bring?",
    everything: bool = True,
    unit: str = "labelled 64×64 patches",
) -> Figure:
    """One panel a task, one line a method with its interval as a band.

    A method has the same colour and marker in all panels. The panels differ in their vertical axes, which are logit
    scales: a step from 0.90 to 0.95 halves the error, as one from 0.80 to 0.90 does, and takes about as much room.

    Args:
        curves: task in words -> method in words -> number of labelled 64×64 patches, ≥ 1 -> (mean, low, high), for
            example an ``Interval``. At most eight methods; a method may be missing from a task.
        score_name: of the vertical axis, with its unit if it has one.
        title: of the whole figure; should say what the bands span.
        everything: whether a task's largest number is all there are; it is then called "all".
        unit: what is counted on the horizontal axis.

    Raises:
        ValueError: if there are more than eight methods, or a number of patches has no place on the axis.
    """
    methods = list(dict.fromkeys(method for task in curves.values() for method in task))
    if len(methods) > len(COLORS):
        raise ValueError(f"{len(methods)} lines cannot be told apart: draw at most {len(COLORS)} methods.")
    figure = Figure(figsize=(1.0 + 3.6 * len(curves), 4.3), layout="constrained")
    figure.suptitle(title)
    panels = figure.subplots(1, len(curves), squeeze=False)[0]
    handles: dict[str, Any] = {}
    for axes, (task, lines) in zip(panels, curves.items(), strict=True):
        handles |= {method: _draw_line(axes, lines[method], methods.index(method)) for method in lines}
        _label_patches(axes, sorted({patches for line in lines.values() for patches in line}), everything, unit)
        _spread_high_scores(axes)
        axes.set_title(task)
    panels[0].set_ylabel(score_name)
    figure.legend([handles[method] for method in methods], methods, loc="outside lower center", frameon=False,
                  ncols=min(len(methods), len(curves) + 1))  # fmt: skip
    return figure


def _draw_line(axes: Axes, curve: Curve, place: int) -> tuple:
    """Draw one line with its band; returns what stands for it in the legend."""
    patches = sorted(curve)
    mean, low, high = zip(*(curve[count] for count in patches), strict=True)
    color = COLORS[place]
    band = axes.fill_between(patches, low, high, color=color, alpha=0.15, linewidth=0)
    (line,) = axes.plot(patches, mean, color=color, marker=MARKERS[place], markersize=5, linewidth=1.6)
    return band, line


def _spread_high_scores(axes: Axes) -> None:
    highest = max((float(max(line.get_ydata())) for line in axes.lines), default=0.9)
    low, high = max(axes.get_ylim()[0], 0.01), min(axes.get_ylim()[1], 1 - 0.75 * (1 - highest))
    axes.set_yscale("logit")
    axes.set_ylim(low, high)
    ticks = [tick for tick in (FINE_TICKS if low > 0.8 else COARSE_TICKS) if low <= tick <= high]
    axes.set_yticks(ticks, [f"{tick:.2f}" for tick in ticks])
    axes.minorticks_off()


def _label_patches(axes: Axes, patches: Sequence[int], everything: bool, unit: str) -> None:
    if patches and patches[0] < 1:
        raise ValueError(f"The axis is logarithmic: {patches[0]} {unit} have no place on it.")
    axes.set_xscale("log", base=2)
    axes.set_xticks(patches, _tick_names(patches, everything), rotation=45, rotation_mode="anchor", ha="right")
    axes.minorticks_off()
    axes.set_xlabel(unit)
    axes.grid(alpha=0.3)
    axes.spines[["top", "right"]].set_visible(False)


def _tick_names(patches: Sequence[int], everything: bool) -> list[str]:
    """The numbers, the largest as "all" if it is; one close to the next has no name, which would cover the next's."""
    smaller = [str(count) if after > CLOSE * count else "" for count, after in pairwise(patches)]
    return [*smaller, *(f"all ({count})" if everything else str(count) for count in patches[-1:])]


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
    if len(budgets) > MOST_BUDGETS:
        raise ValueError(f"{len(budgets)} numbers of patches cannot be told apart: draw at most {MOST_BUDGETS}.")
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
