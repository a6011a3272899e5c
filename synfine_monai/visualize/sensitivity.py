"""Figure of a network's sensitivity in both views, as Figures 4 and 6 of the SynFine paper."""

from collections.abc import Mapping
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

LINE, ACCENT = "#4c5f7a", "#d1495b"


def draw_sensitivity(sensitivity: Mapping[str, Any], title: str = "Which part responds to the real scan?") -> Figure:
    """Draw mean RGN as a line and its range over batches as a shade, by block and by level.

    What the automatic choice takes is marked. Groups that it passes over (the head) stand apart from the line. The
    axis is logarithmic, because a tiny head often scores ten times what a block does.

    Args:
        sensitivity: what ``measure_sensitivity`` returned or sensitivity.json holds.
        title: of the whole figure.

    Returns:
        A figure of its own, not known to pyplot; save it with ``figure.savefig(path)``.
    """
    figure = Figure(figsize=(9, 3.8), layout="constrained")
    figure.suptitle(title)
    blocks, levels = figure.subplots(1, 2, sharey=True, width_ratios=(5, 3))
    _draw_view(blocks, sensitivity["sequential"], sensitivity["selected_block"], "Sequential view: blocks")
    _draw_view(levels, sensitivity["transversal"], sensitivity["selected_level"], "Transversal view: levels")
    count = sensitivity.get("batches")
    blocks.set_ylabel("relative gradient norm ‖g‖ / ‖θ‖")
    levels.legend(loc="best", fontsize="small", title=f"over {count} batches" if count else None)
    return figure


def _draw_view(axes: Axes, groups: Mapping[str, Mapping[str, float]], highest: str, title: str) -> None:
    inside = [name for name in groups if name != "head"]
    low, mean, high = ([groups[name][key] for name in inside] for key in ("min", "mean", "max"))
    places = range(len(inside))
    axes.fill_between(places, low, high, color=LINE, alpha=0.25, linewidth=0, label="lowest to highest")
    axes.plot(places, mean, color=LINE, marker="o", label="mean")
    if "head" in groups:
        head = groups["head"]
        below, above = head["mean"] - head["min"], head["max"] - head["mean"]
        axes.errorbar(
            len(inside),
            head["mean"],
            yerr=[[below], [above]],
            color=LINE,
            marker="o",
            markerfacecolor="white",
            capsize=3,
        )
    where = inside.index(highest)
    axes.plot(where, mean[where], color=ACCENT, marker="o", markersize=11, linestyle="none", label="highest mean")
    names = [*inside, *(["head\n(apart)"] if "head" in groups else [])]
    axes.set_xticks(range(len(names)), names)
    axes.set_title(title)
    if min(low) > 0:
        axes.set_yscale("log")
    axes.grid(axis="y", alpha=0.3)
