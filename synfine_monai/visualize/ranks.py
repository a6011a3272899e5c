"""Ranks of methods over many comparisons: which one tends to come first, and how reliably."""

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

__all__ = ["rank_figure"]

SINGLE, MEAN = "#56B4E9", "#0072B2"
LARGEST_AREA = 260


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
