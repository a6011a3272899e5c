"""The figure of an audit: shares with intervals, porosity along the core, and blocks of several sizes."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from synfine_monai.planning.audit import Audit
from synfine_monai.planning.sentences import headline
from synfine_monai.planning.weighed_windows import PORES

BLUE, RED = "#0072B2", "#D55E00"


def audit_figure(audit: Audit, name: str, slice_um: float | None = None) -> Figure:
    """Three panels.

    Args:
        audit: the audit.
        name: of the scan.
        slice_um: distance of slices in µm, or None if unknown: then slices are counted.
    """
    figure = Figure(figsize=(12, 4.2))
    figure.subplots_adjust(left=0.09, right=0.98, bottom=0.13, top=0.84, wspace=0.3)  # finding these takes seconds
    shares, profile, blocks = figure.subplots(1, 3)
    _draw_shares(shares, audit)
    _draw_profile(profile, audit, slice_um)
    _draw_blocks(blocks, audit)
    text = headline(audit)
    figure.suptitle(f"{name}: {text if len(text) < 110 else text[:107] + '…'}", fontsize=11)
    return figure


def _draw_shares(axes: Axes, audit: Audit) -> None:
    names = list(audit.shares)
    for row, share in enumerate(audit.shares.values()):
        if share.low is not None and share.high is not None:
            axes.plot([100 * share.low, 100 * share.high], [row, row], color=BLUE, linewidth=3, solid_capstyle="butt")
        axes.plot(100 * share.share, row, "o", color=BLUE, markersize=6, label="audited" if row == 0 else None)
        axes.plot(100 * share.predicted, row, "|", color=RED, markersize=14, markeredgewidth=2,
                  label="segmentation alone" if row == 0 else None)  # fmt: skip
    axes.set_yticks(range(len(names)), names)
    axes.set(xlabel="share of the core (%)", title="shares and their intervals", ylim=(len(names) - 0.5, -0.5))
    axes.legend(frameon=False, fontsize=8, loc="best")
    axes.grid(alpha=0.3)


def _draw_profile(axes: Axes, audit: Audit, slice_um: float | None) -> None:
    step, label = (1.0, "slice") if slice_um is None else (slice_um / 1000, "depth (mm)")
    for start, stop, share in audit.profile:
        depths = [step * start, step * stop]
        if share.low is not None and share.high is not None:
            axes.fill_betweenx(depths, 100 * share.low, 100 * share.high, color=BLUE, alpha=0.3, linewidth=0)
        known = share.low is not None
        axes.plot([100 * share.share] * 2, depths, color=BLUE if known else RED, linewidth=2)
    axes.axvline(100 * audit.shares[PORES].share, color="black", linestyle="dashed", linewidth=1)
    axes.plot([], [], color=BLUE, linewidth=2, label="audited, with interval")
    axes.plot([], [], color=RED, linewidth=2, label="segmentation alone: fewer than 8 windows")
    axes.set(title="porosity along the core", xlabel="porosity (%)", ylabel=label)
    axes.invert_yaxis()
    axes.legend(frameon=False, fontsize=8, loc="best")
    axes.grid(alpha=0.3)


def _draw_blocks(axes: Axes, audit: Audit) -> None:
    axes.set(title="porosity of blocks: another piece", xlabel="voxels", ylabel="standard deviation (points)")
    spread = audit.representativity
    if spread is None:
        axes.text(0.5, 0.5, "too small or too thin to tell", ha="center", va="center", transform=axes.transAxes)
        return
    volumes = np.array(spread.edges, float) ** 3
    axes.loglog(volumes, 100 * np.array(spread.spreads), "o", color=BLUE, label="blocks of this scan")
    reach = np.geomspace(volumes[0], 10 * audit.voxels, 50)
    axes.loglog(reach, [100 * spread.spread_of(v) for v in reach], color="black", linewidth=1,
                label=f"A·V^-γ, γ = {spread.exponent:.2f}")  # fmt: skip
    axes.axvline(audit.voxels, color=RED, linestyle="dashed", linewidth=1, label="this scan")
    axes.legend(frameon=False, fontsize=8, loc="best")
    axes.grid(alpha=0.3, which="both")
