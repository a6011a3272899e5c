"""Porosity along the axis of a scan, drawn."""

import numpy as np
from matplotlib.axes import Axes

from synfine_monai.rock import PorosityProfile
from synfine_monai.visualize.phase_colors import PHASE_COLORS

__all__ = ["draw_porosity_profile"]


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
