"""Draw windows at random, with the probability of each: most of them anywhere, some where a network is unsure."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from synfine_monai.errors import ScanError
from synfine_monai.planning.windows import Window, window_totals

MOST_TRIES = 1000
"""Slices that a window tries before nothing is left to believe in a core."""

BY_UNCERTAINTY = 0.25
"""Share of a draw that goes where the network is unsure: more of it would leave too few windows for what a network
is sure of and wrong about."""


class SliceLook(NamedTuple):
    """What a draw needs of a slice.

    Attributes:
        core: (H, W) bool, the voxels that the audit is about.
        uncertainty: (H, W) float, p(1 - p) summed over the classes, or None: then every window is as likely.
    """

    core: np.ndarray
    uncertainty: np.ndarray | None = None


def window_probabilities(look: SliceLook, size: int, by_uncertainty: float = BY_UNCERTAINTY) -> np.ndarray:
    """Chance of each window of a slice, once this slice is drawn: a part alike for all that meet the core, the rest in
    proportion to the uncertainty in them.

    The first part keeps every weight in the estimate near that of a uniform draw, however wrong the network is about
    what it knows.

    Args:
        look: of the slice.
        size: side of the windows in voxels.
        by_uncertainty: the share of the rest, below 1.

    Returns:
        (H + size - 1, W + size - 1) float64 as in ``window_totals``, of sum 1; all 0 where nothing is in the core.
    """
    meets = window_totals(look.core, size) > 0
    alike = meets / max(int(np.count_nonzero(meets)), 1)
    if look.uncertainty is None:
        return alike
    pull = np.where(meets, window_totals(np.where(look.core, look.uncertainty, 0.0), size).clip(0), 0)
    return (1 - by_uncertainty) * alike + by_uncertainty * pull / pull.sum() if pull.sum() > 1e-6 else alike


def draw_windows(
    depths: Sequence[int],
    look: Callable[[int], SliceLook],
    count: int,
    size: int,
    seed: int = 0,
    by_uncertainty: float = BY_UNCERTAINTY,
) -> list[Window]:
    """Draw windows with replacement: the slice first, each alike, then the window on it.

    Only slices that are drawn are looked at, in ascending order. A slice without core is drawn anew, so that slices
    with core are alike, whatever their number. The first n of a longer draw are those of a draw of n.

    Args:
        depths: slices that may hold core.
        look: z -> what is known of the slice.
        count: windows to draw.
        size: their side in voxels.
        seed: of the draw; window k has a stream of its own.
        by_uncertainty: as ``window_probabilities`` takes it.

    Raises:
        ScanError: if none of many slices holds core.
    """
    streams = {k: np.random.default_rng([seed, k]) for k in range(count)}
    drawn: dict[int, Window] = {}
    for _ in range(MOST_TRIES):
        chosen = {k: int(streams[k].choice(depths)) for k in streams if k not in drawn}
        for z in sorted(set(chosen.values())):
            chances = window_probabilities(look(z), size, by_uncertainty)
            if chances.any():
                at = {k: _choose(chances, streams[k]) for k in chosen if chosen[k] == z}
                drawn |= {k: _window(k, z, place, chances, size, len(depths)) for k, place in at.items()}
        if len(drawn) == count:
            return [drawn[k] for k in range(count)]
    raise ScanError("no slice that was drawn holds a voxel of the core: is the field of view empty?")


def _choose(chances: np.ndarray, stream: np.random.Generator) -> int:
    return min(int(np.searchsorted(chances.cumsum(), stream.uniform() * chances.sum(), "right")), chances.size - 1)


def _window(k: int, z: int, place: int, chances: np.ndarray, size: int, slices: int) -> Window:
    y, x = np.unravel_index(place, chances.shape)
    return Window(k + 1, z, int(y) - size + 1, int(x) - size + 1, size, float(chances.flat[place] / slices))
