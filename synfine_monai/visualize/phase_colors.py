"""One colour a phase, in every figure: told apart in grey and by colour-blind readers (after Okabe and Ito)."""

from collections.abc import Sequence

import numpy as np
from matplotlib.colors import ListedColormap, to_rgb

PHASE_COLORS = {"pore": "#0072B2", "water": "#56D6E6", "clay": "#E69F00", "matrix": "#999999", "dense": "#F0E442"}
UNKNOWN = "#CC79A7"
"""Colour of a class that no phase covers."""


def class_colors(phases: Sequence[Sequence[str]]) -> np.ndarray:
    """Colours of a task's classes: a class takes the mean colour of the phases that it covers.

    Args:
        phases: for each class, its phases, such as ``(("matrix",), ("pore", "water"))``.

    Returns:
        (classes, 3) float, RGB, 0 to 1.

    Raises:
        ValueError: if a phase is unknown.
    """
    unknown = {name for names in phases for name in names} - set(PHASE_COLORS)
    if unknown:
        raise ValueError(f"no colour for the phases {sorted(unknown)}: known are {', '.join(PHASE_COLORS)}.")
    return np.array(
        [np.mean([to_rgb(PHASE_COLORS[name]) for name in names] or [to_rgb(UNKNOWN)], axis=0) for names in phases]
    )


def class_colormap(phases: Sequence[Sequence[str]]) -> ListedColormap:
    """A colormap for label images, to draw with ``vmin=-0.5, vmax=len(phases) - 0.5``; unlabelled (masked) is clear."""
    return ListedColormap(class_colors(phases), name="rock_classes").with_extremes(bad=(0, 0, 0, 0))
