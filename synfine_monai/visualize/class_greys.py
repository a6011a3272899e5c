"""The classes of a task with their grey levels: whether a guess of phases is right can be seen at a glance."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure

from synfine_monai.visualize.phase_colors import class_colormap, class_colors
from synfine_monai.visualize.segmentation import draw_image, draw_labels

BINS = 100


def class_greys_figure(
    image: np.ndarray,
    label: np.ndarray,
    fov: np.ndarray,
    greys: Mapping[str, np.ndarray],
    phases: Sequence[Sequence[str]],
    voxel_size_um: tuple[float, float, float] | None = None,
) -> Figure:
    """A labelled slice with the field of view, its labels, and how often each class has which grey level.

    Args:
        image: (H, W) grey levels.
        label: (H, W) uint8 classes; 255 is left white.
        fov: (H, W) bool, outlined dashed.
        greys: name of each class, in their order -> the grey levels of its voxels (n,).
        phases: for each class, its phases; they give the colours.
        voxel_size_um: (z, y, x) in µm for a scale bar, or None.
    """
    figure = Figure(figsize=(11, 3.8), layout="constrained")
    left, middle, right = figure.subplots(1, 3)
    draw_image(left, image, fov, None if voxel_size_um is None else voxel_size_um[2])
    left.set_title("field of view (dashed)")
    draw_labels(middle, np.where(fov, label, 255), fov, class_colormap(phases), "labels (white: not labelled)")
    low, high = np.percentile(np.concatenate(list(greys.values())), [0.1, 99.9])
    edges = np.linspace(low, max(high, low + 1e-6), BINS + 1)
    for (name, values), color in zip(greys.items(), class_colors(phases), strict=True):
        counts, _ = np.histogram(values, edges)
        right.stairs(
            counts / max(1, counts.max()),
            edges,
            color=color,
            linewidth=1.8,
            label=name if len(values) else f"{name}: no voxel here",
        )
    right.set(xlabel="grey level", ylabel="frequency (highest: 1)", ylim=(0, 1.05))
    right.legend(frameon=False)
    return figure
