"""What strokes and seconds of computing buy, for a network that follows the strokes and for a random forest."""

from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.figure import Figure

COLORS = {"network": "#0072B2", "forest": "#009E73"}
WORDS = {"network": "network that follows the strokes", "forest": "random forest of the same strokes"}


def labelling_trial_figure(trials: Mapping[str, Sequence[Mapping[str, Any]]], scores: Mapping[str, str]) -> Figure:
    """One column a task: score against strokes above, against seconds of computing below.

    Args:
        trials: task -> rows with "strokes", "seconds", "network" and "forest" (a score, or None).
        scores: task -> name of its score.
    """
    figure = Figure(figsize=(1.0 + 3.4 * len(trials), 6.0), layout="constrained")
    panels = figure.subplots(2, len(trials), squeeze=False)
    for column, (task, rows) in enumerate(trials.items()):
        for axes, quantity in zip(panels[:, column], ("strokes", "seconds"), strict=True):
            for method, color in COLORS.items():
                told = [row for row in rows if row[method] is not None]
                axes.plot([row[quantity] for row in told], [row[method] for row in told], "o-", color=color,
                          markersize=3, label=WORDS[method])  # fmt: skip
            axes.set_ylabel(scores[task])
            axes.grid(alpha=0.3)
        panels[0, column].set_title(task)
        panels[0, column].set_xlabel("strokes, all classes together")
        panels[1, column].set_xlabel("seconds of retuning and looking")
    handles, labels = panels[0, 0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", frameon=False, ncols=2)
    figure.suptitle("A robot paints where the network is worst: one seed a task")
    return figure
