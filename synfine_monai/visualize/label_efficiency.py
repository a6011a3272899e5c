"""What labels buy: the score of each method against the number of labelled patches."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

__all__ = ["label_efficiency_figure"]

COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000", "#999999")
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*")
FINE_TICKS = (0.82, 0.84, 0.86, 0.88, 0.9, 0.92, 0.94, 0.96, 0.98)
COARSE_TICKS = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98)
CLOSE = 1.4
"""Numbers nearer than this factor would have names on top of each other."""

Curve = Mapping[int, Sequence[float]]


def label_efficiency_figure(
    curves: Mapping[str, Mapping[str, Curve]],
    score_name: str,
    title: str = "What do more labels bring?",
    everything: bool = True,
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
        _label_patches(axes, sorted({patches for line in lines.values() for patches in line}), everything)
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


def _label_patches(axes: Axes, patches: Sequence[int], everything: bool) -> None:
    if patches and patches[0] < 1:
        raise ValueError(f"The axis is logarithmic: {patches[0]} labelled patches have no place on it.")
    axes.set_xscale("log", base=2)
    axes.set_xticks(patches, _tick_names(patches, everything), rotation=45, rotation_mode="anchor", ha="right")
    axes.minorticks_off()
    axes.set_xlabel("labelled 64×64 patches")
    axes.grid(alpha=0.3)
    axes.spines[["top", "right"]].set_visible(False)


def _tick_names(patches: Sequence[int], everything: bool) -> list[str]:
    """The numbers, the largest as "all" if it is; one close to the next has no name, which would cover the next's."""
    smaller = [str(count) if after > CLOSE * count else "" for count, after in pairwise(patches)]
    return [*smaller, *(f"all ({count})" if everything else str(count) for count in patches[-1:])]
