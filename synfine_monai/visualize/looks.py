"""Real and made patches one above the other, with their grey levels and spectra."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

__all__ = ["looks_figure"]

COLORS = ("#000000", "#D55E00", "#0072B2", "#009E73", "#CC79A7", "#E69F00")
BINS = 120


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
        left.hist(images[name].ravel(), BINS, range=(low, high), density=True,
                  histtype="step", color=color, label=name)  # fmt: skip
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
