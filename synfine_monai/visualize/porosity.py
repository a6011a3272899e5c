"""Figures of porosity: slice by slice, and by how its pores are connected."""

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes

from synfine_monai.rock import PorosityProfile
from synfine_monai.visualize.phase_colors import PHASE_COLORS

LINES = {
    "porosity": ("total", "black", "dashed"),
    "connected": ("connected along z", PHASE_COLORS["pore"], "solid"),
    "isolated": ("isolated", "#D55E00", "solid"),
}


def draw_porosity_profile(axes: Axes, profile: PorosityProfile, title: str = "Porosity along the scan") -> None:
    """Draw the porosity of each slice against its depth, downwards, and the total as a dashed line.

    Args:
        axes: where to draw.
        profile: of a whole scan. Depth is in mm where the voxel size is known, else in slices.
        title: shown above.
    """
    depths, label = np.arange(len(profile.voxels)), "slice"
    if profile.depths_um is not None:
        depths, label = profile.depths_um / 1000, "depth (mm)"
    percent = 100 * profile.per_slice
    axes.plot(
        percent,
        depths,
        color=PHASE_COLORS["pore"],
        linewidth=1.2,
        marker="o" if len(depths) < 30 else None,
        markersize=4,
        label="each slice",
    )
    if profile.porosity is not None:
        total = 100 * profile.porosity
        axes.axvline(total, color="black", linestyle="dashed", linewidth=1, label=f"whole scan, {total:.1f} %")
        axes.set_xlim(0, max(1.15 * np.nanmax(percent), 1.0))
        axes.legend(loc="best", frameon=False)
    axes.set(title=title, xlabel="porosity (% of the core's voxels)", ylabel=label)
    axes.margins(y=0.02)
    axes.invert_yaxis()
    axes.grid(alpha=0.3)


def draw_connected_porosity(axes: Axes, per_slice: Mapping[str, np.ndarray], depths_um: np.ndarray | None = None,
                            title: str = "Connected porosity along the scan") -> None:  # fmt: skip
    """Draw the three porosities of each slice against its depth, downwards.

    Args:
        axes: where to draw.
        per_slice: "porosity", "connected" and "isolated", each (D,), 0 to 1 or NaN.
        depths_um: (D,) depth of each slice in µm, or None if unknown: then slices are counted.
        title: shown above.
    """
    slices = len(per_slice["porosity"])
    depths, label = (np.arange(slices), "slice") if depths_um is None else (depths_um / 1000, "depth (mm)")
    marker = "o" if slices < 30 else None
    for name, (text, color, style) in LINES.items():
        axes.plot(100 * per_slice[name], depths, color=color, linestyle=style, linewidth=1.2, marker=marker,
                  markersize=4, label=text)  # fmt: skip
    highest = np.nanmax(per_slice["porosity"]) if np.isfinite(per_slice["porosity"]).any() else 0
    axes.set_xlim(0, max(115 * highest, 1.0))
    axes.set(title=title, xlabel="porosity (% of the core's voxels)", ylabel=label)
    axes.margins(y=0.02)
    axes.invert_yaxis()
    axes.grid(alpha=0.3)
    axes.legend(loc="best", frameon=False)
