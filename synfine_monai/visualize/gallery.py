"""Synthetic patches beside real ones, with their labels."""

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from synfine_monai.visualize.phase_colors import class_colormap, class_colors

__all__ = ["gallery_figure"]

IGNORED = 255


def gallery_figure(
    rows: Sequence[tuple[str, np.ndarray, np.ndarray]],
    labels: Sequence[str],
    phases: Sequence[Sequence[str]],
    title: str,
) -> Figure:
    """Two rows of panels for each kind of patch: grey levels, all on one scale, and below them their labels.

    Args:
        rows: (name, images (N, H, W) normalised, labels (N, H, W) uint8) of each kind; kinds may differ in N.
        labels: names of the classes.
        phases: phases of the classes, for their colours.
        title: of the figure.
    """
    columns = max(len(images) for _, images, _ in rows)
    figure = Figure(figsize=(1.25 * columns + 0.5, 2.6 * len(rows) + 0.9), layout="constrained")
    axes = figure.subplots(2 * len(rows), columns, squeeze=False)
    low, high = np.percentile(np.concatenate([images.ravel() for _, images, _ in rows]), [0.3, 99.5])
    for row, (name, images, masks) in enumerate(rows):
        for axis in axes[2 * row : 2 * row + 2].flat:
            axis.set(xticks=[], yticks=[], frame_on=False)
        for image, mask, upper, lower in zip(images, masks, axes[2 * row], axes[2 * row + 1], strict=False):
            upper.imshow(image, cmap="gray", vmin=low, vmax=high, interpolation="nearest")
            lower.imshow(np.ma.masked_equal(mask, IGNORED), cmap=class_colormap(phases), vmin=-0.5,
                         vmax=len(phases) - 0.5, interpolation="nearest")  # fmt: skip
        axes[2 * row, 0].set_ylabel(name)
        axes[2 * row + 1, 0].set_ylabel("labels")
    handles = [Patch(color=color, label=label) for color, label in zip(class_colors(phases), labels, strict=True)]
    figure.legend(handles=handles, loc="outside lower center", ncols=len(handles), frameon=False)
    figure.suptitle(title)
    return figure
