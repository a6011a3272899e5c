"""The field of view of a scan, drawn on one slice."""

import math

import numpy as np
from matplotlib.axes import Axes

__all__ = ["draw_field_of_view", "draw_scale_bar"]

OUTLINE = "#D55E00"
WIDEST = 1024  # pixels; larger slices are thinned for the figure


def draw_field_of_view(
    axes: Axes,
    image: np.ndarray,
    fov: np.ndarray,
    voxel_size_um: tuple[float, float, float] | None = None,
    title: str = "",
) -> None:
    """Draw a slice in grey with the outline of its field of view dashed, and a scale bar if the voxel size is known.

    Args:
        axes: where to draw.
        image: (H, W), any real dtype.
        fov: (H, W) bool, True inside.
        voxel_size_um: (z, y, x) in µm, or None.
        title: shown above, followed by the share of the slice that is inside.
    """
    height, width = image.shape
    step = max(1, -(-max(image.shape) // WIDEST))
    seen = image[fov] if fov.any() else image
    low, high = np.percentile(seen, [0.5, 99.5])
    low = min(low, np.percentile(image, 1))
    extent = (-0.5, width - 0.5, height - 0.5, -0.5)
    axes.imshow(image[::step, ::step], cmap="gray", vmin=low, vmax=max(high, low + 1e-6), extent=extent)
    framed = np.pad(fov[::step, ::step], 1)
    rows, columns = ((np.arange(-1, n - 1) * step) for n in framed.shape)
    if fov.any():
        axes.contour(columns, rows, framed, levels=[0.5], colors=OUTLINE, linestyles="dashed", linewidths=1.2)
    if voxel_size_um is not None:
        draw_scale_bar(axes, width, height, voxel_size_um[2])
    axes.set(title=f"{title} ({fov.mean():.1%} inside)".strip(), xlim=extent[:2], ylim=extent[2:])
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
