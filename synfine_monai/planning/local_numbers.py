"""Numbers of neighbours in a slice, corrected by the windows of an audit: two-point probabilities, specific surface."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from synfine_monai.planning.estimate import NORMAL_TAILS, ShareEstimate
from synfine_monai.planning.pairs_in_windows import FACES, LAGS, pair_name
from synfine_monai.planning.streamed_counts import StreamedCounts
from synfine_monai.planning.weighed_windows import PORES, Weigh
from synfine_monai.planning.window_counts import WindowCounts


@dataclass(frozen=True)
class LocalNumber:
    """A number of the pore space that pairs of voxels along rows and columns tell.

    Attributes:
        name: in words.
        key: in files.
        estimate: the share of the pairs for which it holds, with its interval.
        factor: the number is so many times the share: 1 for a probability, 2 for a surface in 1/voxel.
        lag: of the pairs in voxels.
    """

    name: str
    key: str
    estimate: ShareEstimate
    factor: float
    lag: int


def audit_local_numbers(counted: StreamedCounts, windows: Sequence[WindowCounts], weigh: Weigh) -> list[LocalNumber]:
    r"""Two-point probabilities at short lags, and the specific surface, as far as slices tell them.

    The surface by volume is :math:`2 P_L`, twice the crossings of a boundary by length of a line, here of lines along
    rows and columns: right for rocks that look alike from all sides.

    Args:
        counted: the whole segmentation.
        windows: with their pairs.
        weigh: of their plan.

    Source: Underwood, Quantitative Stereology (1970), sec. 2.2.
    """
    found = []
    for lag in (one for one in LAGS if all(pair_name(one) in window.pairs for window in windows)):
        number = _estimate(counted, windows, weigh, pair_name(lag))
        apart = f"{lag} voxel{'s' if lag > 1 else ''} apart"
        found.append(LocalNumber(f"two-point probability, {apart}", f"s2_{lag}", number, 1.0, lag))
    if all(FACES in window.pairs for window in windows):
        faces = _estimate(counted, windows, weigh, FACES)
        found.append(LocalNumber("specific surface (lines in the slices)", "specific_surface_per_voxel", faces, 2.0, 1))
    return found


def _estimate(counted: StreamedCounts, windows: Sequence[WindowCounts], weigh: Weigh, name: str) -> ShareEstimate:
    own = [one.counted or counted for one in windows]
    of_all = {id(one): _predicted(one, name) for one in own}
    each = np.array([of_all[id(one)] for one in own])
    predicted = each if len(of_all) > 1 else float(each[0])
    pairs = [one.pairs[name] for one in windows]
    return weigh.estimate(pairs, [1], predicted, weigh.tails.get(PORES, NORMAL_TAILS))


def _predicted(counted: StreamedCounts, name: str) -> float:
    """Share of the pairs along rows and columns of the whole core for which it holds."""
    pairs = counted.pairs
    if name == FACES:
        return float(pairs.crossings[1:].sum() / max(pairs.pairs[1:, 1].sum(), 1))
    lag = next(one for one in LAGS if pair_name(one) == name)
    return float(pairs.both[1:, lag].sum() / max(pairs.pairs[1:, lag].sum(), 1))
