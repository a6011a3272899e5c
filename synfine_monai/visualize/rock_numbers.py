"""Figure of a phase's two-point correlation, chords and sizes."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes

from synfine_monai.rock import AXES, PhaseNumbers
from synfine_monai.visualize.phase_colors import PHASE_COLORS

DASHES = ("solid", "dashed", "dotted")


def draw_rock_numbers(axes: Sequence[Axes], phase: PhaseNumbers) -> None:
    """Draw three curves of a phase side by side.

    Args:
        axes: three places to draw, or two where sizes were not measured.
        phase: usually the pore space.
    """
    colour = PHASE_COLORS["pore"]
    for k, axis in enumerate(AXES):
        size = phase.voxel_size[k]
        style = {"color": colour, "linestyle": DASHES[k], "label": axis}
        lags = np.arange(phase.pairs.both.shape[1]) * size
        axes[0].plot(lags, phase.pairs.correlation[k], **style)
        counts = phase.chords[k]
        if counts.sum():
            axes[1].plot(np.arange(len(counts)) * size, counts / counts.sum() / size, **style)
    axes[0].axhline(phase.pairs.correlation[2, 0] ** 2, color="grey", linewidth=0.8, label="no order")
    axes[0].set(title="Two-point correlation", xlabel=f"lag ({phase.unit})", ylabel="both in pore space")
    axes[1].set(title="Chord lengths", xlabel=f"length ({phase.unit})", ylabel=f"density (1/{phase.unit})")
    for one in (one for one in axes[:2] if one.lines):
        one.legend(frameon=False, loc="upper right")
    if phase.sizes is None:
        return
    if phase.sizes.sum():
        share = np.cumsum(phase.sizes) / phase.sizes.sum()
        axes[2].step(2 * phase.size_radii, share, color=colour, where="post")
    axes[2].set(title="Pore sizes", xlabel=f"diameter of the largest ball ({phase.unit})", ylabel="share of the volume")
