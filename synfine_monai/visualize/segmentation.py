"""A slice, its truth, what a method made of it, and where the two differ."""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from synfine_monai.conventions import UNLABELLED
from synfine_monai.files import atomic_file
from synfine_monai.visualize.phase_colors import class_colormap

WIDEST = 1024  # pixels; larger slices are thinned for the figure
ERROR_COLORS = {
    "right": "#E6E6E6",
    "pore taken for rock": "#D81B60",
    "rock taken for pore": "#117733",
    "wrong kind": "#000000",
}
"""Colours of right and wrong voxels: none of them is a phase's."""
_OUTSIDE = 0.3  # opacity of what lies outside the field of view
OUTLINE = "#D55E00"


def segmentation_figure(
    image: np.ndarray,
    prediction: np.ndarray,
    fov: np.ndarray,
    class_names: Sequence[str],
    phases: Sequence[Sequence[str]],
    label: np.ndarray | None = None,
    pore_labels: Sequence[int] = (),
    voxel_size_um: tuple[float, float, float] | None = None,
    title: str = "",
) -> Figure:
    """Panels side by side: image | truth | prediction | errors; without a truth, image | prediction.

    Args:
        image: (H, W), any real dtype.
        prediction: (H, W) uint8 classes; 255 is left white.
        fov: (H, W) bool, outlined dashed; nothing is shown as predicted outside it.
        class_names: the K names.
        phases: for each class, its phases; they give the colours.
        label: (H, W) uint8 classes, 255 where not labelled, or None.
        pore_labels: classes that are pore space; a pore taken for rock is told apart from rock taken for pore.
        voxel_size_um: (z, y, x) in µm for a scale bar, or None.
        title: in words.
    """
    shape = image.shape
    step = max(1, -(-max(shape) // WIDEST))
    thin = (slice(None, None, step),) * 2
    image, prediction, fov = image[thin], prediction[thin], fov[thin]
    colors = class_colormap(phases)
    panels = 2 if label is None else 4
    figure = Figure(figsize=(3.6 * panels, 3.6 * shape[0] / shape[1] + 1.1), layout="constrained")
    axes = figure.subplots(1, panels)
    draw_image(axes[0], image, fov, None if voxel_size_um is None else voxel_size_um[2] * step)
    draw_labels(axes[-1 if label is None else 2], np.where(fov, prediction, UNLABELLED), fov, colors, "prediction")
    if label is not None:
        truth = np.where(fov, label[thin], UNLABELLED)
        draw_labels(axes[1], truth, fov, colors, "truth (white: not labelled)")
        kinds = draw_errors(axes[3], prediction, truth, fov, pore_labels)
        _legend(figure, [(kind, ERROR_COLORS[kind]) for kind in kinds], "right", columns=2)
    outline = Line2D([], [], color=OUTLINE, linestyle="dashed", label="field of view")
    _legend(figure, [(name, colors(k)) for k, name in enumerate(class_names)], "left", 3, outline)
    figure.suptitle(title)
    return figure


def _legend(figure: Figure, entries: Sequence[tuple[str, Any]], side: str, columns: int, *more: Line2D) -> None:
    handles = [*(Patch(color=color, label=name) for name, color in entries), *more]
    figure.legend(handles=handles, loc=f"outside lower {side}", ncols=columns, frameon=False)


def save_segmentation_figure(path: Path | str, *arguments: Any, **options: Any) -> Path:
    """Draw ``segmentation_figure(*arguments, **options)`` and write it as PNG, whole or not at all."""
    figure = segmentation_figure(*arguments, **options)
    with atomic_file(path) as temporary:
        figure.savefig(temporary, dpi=120)
    return Path(path)


def draw_image(axes: Axes, image: np.ndarray, fov: np.ndarray, pixel_um: float | None = None) -> None:
    """Draw the slice in grey, from the 0.5th to the 99.5th percentile inside the field of view, faint outside it."""
    seen = image[fov] if fov.any() else image
    low, high = np.percentile(seen, [0.5, 99.5])
    opacity = np.where(fov, 1.0, _OUTSIDE)
    axes.imshow(image, cmap="gray", vmin=low, vmax=max(high, low + 1e-6), alpha=opacity, interpolation="nearest")
    if pixel_um is not None:
        draw_scale_bar(axes, image.shape[1], image.shape[0], pixel_um)
    _finish(axes, "image", fov)


def draw_labels(axes: Axes, label: np.ndarray, fov: np.ndarray, colors: ListedColormap, title: str) -> None:
    """Draw classes in the phases' colours; 255 stays white."""
    shown = np.ma.masked_equal(label, UNLABELLED)
    axes.imshow(shown, cmap=colors, vmin=-0.5, vmax=colors.N - 0.5, interpolation="nearest")
    _finish(axes, title, fov)


def draw_errors(
    axes: Axes, prediction: np.ndarray, truth: np.ndarray, fov: np.ndarray, pore_labels: Sequence[int]
) -> list[str]:
    """Draw where prediction and truth differ, over labelled voxels; return which kinds of ``ERROR_COLORS`` occur."""
    kinds = error_kinds(prediction, truth, pore_labels)
    colors = ListedColormap(list(ERROR_COLORS.values()))
    axes.imshow(np.ma.masked_less(kinds, 0), cmap=colors, vmin=-0.5, vmax=colors.N - 0.5, interpolation="nearest")
    judged = kinds >= 0
    wrong = f": {(kinds[judged] > 0).mean():.1%} of labelled voxels" if judged.any() else ""
    _finish(axes, f"errors{wrong}", fov)
    return [kind for number, kind in enumerate(ERROR_COLORS) if (kinds == number).any()]


def error_kinds(prediction: np.ndarray, truth: np.ndarray, pore_labels: Sequence[int]) -> np.ndarray:
    """Number of the entry of ``ERROR_COLORS`` for each voxel, −1 where nothing is labelled: (H, W) int8."""
    true_pore, found_pore = np.isin(truth, pore_labels), np.isin(prediction, pore_labels)
    kinds = np.select(
        [truth == UNLABELLED, truth == prediction, true_pore & ~found_pore, ~true_pore & found_pore], [-1, 0, 1, 2], 3
    )
    return kinds.astype(np.int8)


def _finish(axes: Axes, title: str, fov: np.ndarray) -> None:
    height, width = fov.shape
    framed = np.pad(fov, 1)
    if fov.any():
        rows, columns = np.arange(-1, height + 1), np.arange(-1, width + 1)
        axes.contour(columns, rows, framed, levels=[0.5], colors=OUTLINE, linestyles="dashed", linewidths=1.0)
    axes.set(title=title, xlim=(-2, width + 1), ylim=(height + 1, -2))
    axes.set_axis_off()


def draw_scale_bar(axes: Axes, width: int, height: int, pixel_um: float) -> None:
    """Draw a bar of a round length (1, 2 or 5 times a power of ten), about a fifth of the image's width.

    Args:
        axes: holds an image of ``width`` × ``height`` pixels.
        width: of the image in pixels.
        height: of the image in pixels.
        pixel_um: width of a pixel in µm.
    """
    wanted = width * pixel_um / 5
    power = 10.0 ** math.floor(math.log10(wanted))
    length = max(factor * power for factor in (1, 2, 5) if factor * power <= wanted * (1 + 1e-9))
    left, bottom = 0.04 * width, 0.95 * height
    text = f"{length / 1000:g} mm" if length >= 1000 else f"{length:g} µm"
    axes.plot([left, left + length / pixel_um], [bottom, bottom], color="white", linewidth=6, solid_capstyle="butt")
    axes.plot([left, left + length / pixel_um], [bottom, bottom], color="black", linewidth=3, solid_capstyle="butt")
    axes.text(
        left + length / pixel_um / 2,
        bottom - 0.02 * height,
        text,
        ha="center",
        va="bottom",
        color="white",
        bbox={"facecolor": "black", "alpha": 0.6, "linewidth": 0, "pad": 2},
    )
