"""Synthetic patches beside real ones, with their labels."""

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from synfine_monai.conventions import UNLABELLED
from synfine_monai.visualize.phase_colors import class_colormap, class_colors

__all__ = ["gallery_figure"]


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
