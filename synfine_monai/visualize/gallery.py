"""Galleries of patches: one row a rock or a style, and real ones beside the rock that was fitted to them."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from synfine_monai.conventions import UNLABELLED
from synfine_monai.visualize.phase_colors import class_colormap, class_colors

COLORS = ("#000000", "#D55E00", "#0072B2", "#009E73", "#CC79A7", "#E69F00")
BINS = 120


def gallery_figure(
    rows: Sequence[tuple[str, np.ndarray, np.ndarray | None]],
    labels: Sequence[str],
    phases: Sequence[Sequence[str]],
    title: str,
) -> Figure:
    """A row of panels for each kind of patch, grey levels all on one scale, and below it one for its labels.

    Args:
        rows: (name, images (N, H, W) normalised, labels (N, H, W) uint8, or None for no such row) of each kind; kinds
            may differ in N.
        labels: names of the classes.
        phases: phases of the classes, for their colours.
        title: of the figure.
    """
    columns = max(len(images) for _, images, _ in rows)
    panels = [panel for name, images, masks in rows for panel in _panels(name, images, masks)]
    figure = Figure(figsize=(1.25 * columns + 0.5, 1.3 * len(panels) + 0.9), layout="constrained")
    axes = figure.subplots(len(panels), columns, squeeze=False)
    low, high = np.percentile(np.concatenate([images.ravel() for _, images, _ in rows]), [0.3, 99.5])
    grey = {"cmap": "gray", "vmin": low, "vmax": high}
    classes = {"cmap": class_colormap(phases), "vmin": -0.5, "vmax": len(phases) - 0.5}
    for line, (name, patches, are_labels) in zip(axes, panels, strict=True):
        for axis in line:
            axis.set(xticks=[], yticks=[], frame_on=False)
        for axis, patch in zip(line, patches, strict=False):
            axis.imshow(patch, interpolation="nearest", **(classes if are_labels else grey))
        line[0].set_ylabel(name)
    handles = [Patch(color=color, label=label) for color, label in zip(class_colors(phases), labels, strict=True)]
    figure.legend(handles=handles, loc="outside lower center", ncols=len(handles), frameon=False)
    figure.suptitle(title)
    return figure


def _panels(name: str, images: np.ndarray, masks: np.ndarray | None) -> list[tuple[str, np.ndarray, bool]]:
    """(name, patches, whether they are labels) of the one or two rows of a kind."""
    shown = [(name, images, False)]
    return shown if masks is None else [*shown, ("labels", np.ma.masked_equal(masks, UNLABELLED), True)]


def looks_figure(
    images: Mapping[str, np.ndarray], spectra: Mapping[str, np.ndarray], title: str, shown: int = 10
) -> Figure:
    """One row of patches for each set, all on one grey scale; below them a histogram and a spectrum for each set.

    Args:
        images: name of the set -> (N, H, W) normalised patches, the real ones first; at most six sets.
        spectra: name of the set -> (H // 2,) log10 power for 1 to H // 2 cycles a patch.
        title: of the figure.
        shown: patches of each set that are drawn; the curves are of all.

    Raises:
        ValueError: if there are more than six sets.
    """
    if len(images) > len(COLORS):
        raise ValueError(f"{len(images)} sets cannot be told apart: draw at most {len(COLORS)}.")
    figure = Figure(figsize=(1.1 * shown + 0.6, 1.2 * len(images) + 3.4), layout="constrained")
    upper, lower = figure.subfigures(2, 1, height_ratios=(1.2 * len(images), 3.0))
    levels = np.concatenate([patches.ravel() for patches in images.values()])
    low, high = np.percentile(levels, [0.3, 99.7])
    rows = upper.subplots(len(images), shown, squeeze=False)
    for row, name, color in zip(rows, images, COLORS, strict=False):
        _draw_row(row, images[name], (low, high))
        row[0].set_ylabel(name, color=color, fontsize=9)
    left, right = lower.subplots(1, 2)
    for name, color in zip(images, COLORS, strict=False):
        left.hist(images[name].ravel(), BINS, range=(low, high), density=True, histtype="step", color=color, label=name)
        right.plot(range(1, len(spectra[name]) + 1), spectra[name], color=color, label=name)
    left.set(xlabel="grey level, normalised", ylabel="share of voxels per unit", xlim=(low, high))
    size = next(iter(images.values())).shape[-1]
    right.set(xlabel=f"cycles in {size} voxels", ylabel="log10 power", xscale="log")
    right.legend(frameon=False, fontsize=8)
    for axes in (left, right):
        axes.spines[["top", "right"]].set_visible(False)
        axes.grid(alpha=0.3)
    figure.suptitle(title)
    return figure


def _draw_row(row: Sequence[Axes], patches: np.ndarray, limits: tuple[float, float]) -> None:
    for axes in row:
        axes.set(xticks=[], yticks=[], frame_on=False)
    for axes, patch in zip(row, patches, strict=False):
        axes.imshow(patch, cmap="gray", vmin=limits[0], vmax=limits[1], interpolation="nearest")
