"""Methods side by side, with their intervals."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

_LEARNED, _CLASSICAL, _FIRST = "#56B4E9", "#999999", "#0072B2"
_CLASSICAL_METHODS = ("random_forest", "lookup", "threshold", "otsu")


def comparison_figure(
    scores: Mapping[str, Mapping[str, Sequence[float]]],
    words: Mapping[str, str],
    titles: Mapping[str, str],
    title: str = "",
) -> Figure:
    """One panel a score, one line a method.

    Args:
        scores: score key -> method -> (mean, low, high), or (value,) where there is no interval; what a method lacks
            is left empty.
        words: method -> its name in words, in the order from top to bottom.
        titles: score key -> axis title with units.
        title: in words; should say what the intervals span.
    """
    figure = Figure(figsize=(1.8 + 3.3 * len(titles), 1.5 + 0.34 * len(words)), layout="constrained")
    for axes, (key, axis_title) in zip(figure.subplots(1, len(titles), squeeze=False)[0], titles.items(), strict=True):
        draw_methods(axes, scores[key], words, axis_title)
        axes.tick_params(labelleft=axes.get_subplotspec().is_first_col())
    figure.suptitle(title)
    return figure


def draw_methods(axes: Axes, values: Mapping[str, Sequence[float]], words: Mapping[str, str], axis_title: str) -> None:
    """Draw each method's number and interval on a line of its own; see ``comparison_figure``.

    Bars start at zero; where that would hide the differences the axis is cut, and dots take the place of bars.
    """
    ends = [end for method in words if method in values for end in values[method]]
    left, right = _limits(ends)
    decimals = 3 if max(ends, default=1.0) <= 1 else 2
    for place, method in enumerate(words):
        if method not in values:
            continue
        mean, color = values[method][0], _color(method, place)
        if left == 0:
            axes.barh(place, mean, color=color, height=0.7)
        else:
            axes.plot(mean, place, "o", color=color, markersize=9)
        _draw_interval(axes, place, values[method])
        axes.annotate(f"{mean:.{decimals}f}", (max(values[method]), place), (7, 0), textcoords="offset points",
                      va="center", fontsize=8)  # fmt: skip
    axes.set_yticks(range(len(words)), list(words.values()))
    axes.set(xlim=(left, right), ylim=(len(words) - 0.4, -0.6), xlabel=axis_title)
    axes.locator_params(axis="x", nbins=5)
    axes.grid(axis="both" if left else "x", alpha=0.3)
    axes.spines[["top", "right"]].set_visible(False)


def _draw_interval(axes: Axes, place: int, values: Sequence[float]) -> None:
    if len(values) == 3:
        mean, low, high = values
        reach = np.clip([[mean - low], [high - mean]], 0, None)
        axes.errorbar(mean, place, xerr=reach, color="black", capsize=3, linewidth=1)


def _limits(ends: Sequence[float]) -> tuple[float, float]:
    """Axis limits: from zero, unless all values lie so high that nothing could be told apart."""
    low, high = (min(ends), max(ends)) if ends else (0.0, 1.0)
    left = 0.0 if low < 0.6 * high or high <= 0 else low - 0.4 * (high - low) - 0.01
    return left, high + 0.2 * (high - left) + 1e-3


def _color(method: str, place: int) -> str:
    if method in _CLASSICAL_METHODS:
        return _CLASSICAL
    return _FIRST if place == 0 else _LEARNED
