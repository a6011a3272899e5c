"""Ways to tune compared: does the part of highest RGN gain most (Figures 4-6 of the SynFine paper), and ranks."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator

LEVELS = ("high", "mid", "low")
LABEL = {"facecolor": "white", "alpha": 0.8, "edgecolor": "none", "pad": 1}
RGN, DICE = "#A6C8E0", "#B2182B"
LINES = (("#000000", "dashed"), ("#6A3D9A", "dotted"), ("#009E73", "dashdot"))

Group = Mapping[str, Sequence[float]]
SINGLE, MEAN = "#56B4E9", "#0072B2"
LARGEST_AREA = 260


def rgn_and_dice_figure(
    panels: Mapping[str, Mapping[str, Group]],
    title: str = "Does the part that responds most also gain most?",
    lines: Mapping[str, Mapping[str, float]] | None = None,
    columns: int = 4,
) -> Figure:
    """One panel a shift or task: RGN of each group as bars, Dice after tuning that group alone as points.

    Args:
        panels: panel title -> block or level, in the order from left to right -> {"rgn": (mean, low, high), "dice":
            (mean, low, high)}; either may be missing. Levels (high, mid, low) stand apart from blocks. Bars are given
            relative to the highest mean RGN of the panel; leave out the RGN of a tiny head, which dwarfs all others.
        title: of the whole figure; should say what the intervals span.
        lines: panel title -> words such as "all layers" or "no fine-tuning" -> Dice, drawn across; at most three
            different words. One that lies far from the points is written at the edge, so that they stay apart.
        columns: panels side by side.

    Raises:
        ValueError: if there are more than three different lines.
    """
    lines = lines or {}
    words = list(dict.fromkeys(word for panel in lines.values() for word in panel))
    if len(words) > len(LINES):
        raise ValueError(f"{len(words)} lines cannot be told apart: draw at most {len(LINES)}.")
    styles = dict(zip(words, LINES, strict=False))
    columns = min(columns, len(panels))
    rows = math.ceil(len(panels) / columns)
    figure = Figure(figsize=(1.2 + 3.4 * columns, 1.2 + 2.8 * rows), layout="constrained")
    figure.suptitle(title)
    grid = figure.subplots(rows, columns, squeeze=False).ravel()
    for number, (axes, (name, groups)) in enumerate(zip(grid, panels.items(), strict=False)):
        dice_axes = _draw_panel(axes, groups)
        axes.set_title(name)
        _draw_lines(dice_axes, lines.get(name, {}), styles)
        if number % columns == 0:
            axes.set_ylabel("RGN ‖g‖ / ‖θ‖ (largest = 1)")
        if number % columns == columns - 1 or number == len(panels) - 1:
            dice_axes.set_ylabel("Dice after tuning it alone", color=DICE)
    for axes in grid[len(panels) :]:
        axes.remove()
    columns = min(2 + len(words), 1 + columns)
    figure.legend(handles=_legend(styles), loc="outside lower center", ncols=columns, frameon=False)
    return figure


def _draw_panel(axes: Axes, groups: Mapping[str, Group]) -> Axes:
    """Draw bars on the left axis and points on a right axis, which is returned."""
    places = _places(list(groups))
    largest = max((group["rgn"][0] for group in groups.values() if "rgn" in group), default=1.0) or 1.0
    dice_axes = axes.twinx()
    for place, group in zip(places, groups.values(), strict=True):
        if "rgn" in group:
            rgn = [value / largest for value in group["rgn"]]
            axes.bar(place, rgn[0], width=0.7, color=RGN)
            axes.errorbar(place, rgn[0], yerr=_reach(rgn), color="#4c5f7a", capsize=3, linewidth=1)
        if "dice" in group:
            dice_axes.errorbar(place + 0.15, group["dice"][0], yerr=_reach(group["dice"]), color=DICE, marker="o",
                               markersize=5, capsize=2, linewidth=1.2)  # fmt: skip
    axes.set_xticks(places, list(groups), rotation=45, rotation_mode="anchor", ha="right")
    axes.set_ylim(bottom=0)
    dice_axes.tick_params(axis="y", colors=DICE)
    dice_axes.margins(y=0.12)
    for side in (axes, dice_axes):
        side.spines["top"].set_visible(False)
    return dice_axes


def _draw_lines(axes: Axes, values: Mapping[str, float], styles: Mapping[str, tuple[str, str]]) -> None:
    """Draw values across; one that is further away than half the points' range is named at the lower or upper edge."""
    low, high = axes.get_ylim()
    reach = 0.5 * (high - low)
    far = []
    for word, value in values.items():
        if low - reach <= value <= high + reach:
            axes.axhline(value, color=styles[word][0], linestyle=styles[word][1], linewidth=1.2)
        else:
            far.append((value < low, f"{word}: {value:.3f} {'↓' if value < low else '↑'}", styles[word][0]))
    for number, (below, text, color) in enumerate(far):
        place = 0.02 + 0.07 * number if below else 0.98 - 0.07 * number
        axes.text(0.98, place, text, color=color, transform=axes.transAxes, ha="right",
                  va="bottom" if below else "top", fontsize=8, bbox=LABEL)  # fmt: skip


def _places(groups: Sequence[str]) -> list[float]:
    """Where each group stands: one apart, and a gap between blocks and levels."""
    place, places = 0.0, []
    for number, name in enumerate(groups):
        if number:
            place += 1.6 if (name in LEVELS) != (groups[number - 1] in LEVELS) else 1.0
        places.append(place)
    return places


def _reach(interval: Sequence[float]) -> list[list[float]]:
    mean, low, high = interval
    return [[max(mean - low, 0.0)], [max(high - mean, 0.0)]]


def _legend(styles: Mapping[str, tuple[str, str]]) -> list[Patch | Line2D]:
    return [
        Patch(color=RGN, label="RGN (left axis)"),
        Line2D([], [], color=DICE, marker="o", linestyle="none", label="Dice (right axis)"),
        *(
            Line2D([], [], color=color, linestyle=style, label=f"Dice, {word}")
            for word, (color, style) in styles.items()
        ),
    ]


def rank_figure(ranks: Mapping[str, Sequence[float]], title: str = "Which method comes first?") -> Figure:
    """One line a method, the best mean rank on top.

    Pale circles show how often a method took each rank, by their area; the bar spans the middle half of its ranks and
    the dark point is their mean. Seeds of one shift are not independent, so no confidence interval is drawn.

    Args:
        ranks: method in words -> its ranks, 1 the best, one for each comparison (a shift or task and a seed); ties
            may share a rank such as 1.5.
        title: of the figure; should say over what the ranks were taken.

    Raises:
        ValueError: if a method has no ranks.
    """
    without = [method for method, taken in ranks.items() if not len(taken)]
    if without:
        raise ValueError(f"No ranks are given for {', '.join(without)}.")
    order = sorted(ranks, key=lambda method: np.mean(ranks[method]))
    figure = Figure(figsize=(7, 1.7 + 0.42 * len(ranks)), layout="constrained")
    axes = figure.subplots()
    for place, method in enumerate(order):
        _draw_method(axes, ranks[method], place)
    lengths = sorted({len(taken) for taken in ranks.values()})
    count = " to ".join(map(str, dict.fromkeys([lengths[0], lengths[-1]])))
    lowest = max(max(taken) for taken in ranks.values())
    axes.set_yticks(range(len(order)), order)
    axes.set(title=title, xlabel=f"rank (1 is best) over {count} comparisons", xlim=(0.5, lowest + 0.5),
             ylim=(len(order) - 0.5, -0.5))  # fmt: skip
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.grid(axis="x", alpha=0.3)
    axes.spines[["top", "right"]].set_visible(False)
    handles, words = axes.get_legend_handles_labels()
    figure.legend(handles, words, loc="outside lower center", ncols=3, frameon=False)
    return figure


def _draw_method(axes: Axes, taken: Sequence[float], place: int) -> None:
    often = Counter(taken)
    areas = [LARGEST_AREA * times / len(taken) for times in often.values()]
    first = place == 0
    axes.scatter(list(often), [place] * len(often), s=areas, color=SINGLE, alpha=0.45, linewidth=0,
                 label="how often (area)" if first else None)  # fmt: skip
    mean = float(np.mean(taken))
    axes.plot(np.quantile(taken, [0.25, 0.75]), [place] * 2, color=MEAN, linewidth=2, solid_capstyle="butt",
              label="middle half" if first else None)  # fmt: skip
    axes.plot(mean, place, "o", color=MEAN, markersize=7, label="mean rank" if first else None)
    axes.annotate(f"{mean:.2f}", (1.01, place), xycoords=("axes fraction", "data"), va="center", fontsize=9)
