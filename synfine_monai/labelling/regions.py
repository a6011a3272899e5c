"""Regions of the core drawn at random, and what the newest network says of them: shares of the phases, unsure places.

Every voxel of the core is as likely to lie in a region as any other, so that shares have a known error, though little
of the scan was looked at.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from monai.inferers import Inferer
from torch import nn

from synfine_monai.conventions import OUTSIDE
from synfine_monai.labelling.planes import Planes
from synfine_monai.labelling.prediction import predict_part
from synfine_monai.labelling.random_windows import RandomWindows
from synfine_monai.labelling.views import Box
from synfine_monai.planning import Residuals, Window, difference_estimate, window_totals

SIDE = 256
PLACE = 64
"""Side of the windows in a region that suggestions are made of."""
MOST = 64
FEWEST = 8
"""Regions that shares are told from, at least."""


class Place(NamedTuple):
    """A window in a region.

    Attributes:
        box: on the slice.
        unsure: mean uncertainty of its core voxels, 0 to 1.
        shares: of the classes in it.
    """

    box: Box
    unsure: float
    shares: tuple[float, ...]


@dataclass(frozen=True)
class Region:
    """What a network says of a region.

    Attributes:
        window: the region.
        counts: (classes,) voxels.
        least_sure: window in it where the network is least sure; None if it holds no whole window of core.
        most_of: for each class, the window with most of it, or None.
    """

    window: Window
    counts: np.ndarray
    least_sure: Place | None
    most_of: tuple[Place | None, ...]


class Regions:
    """Looks at one region after the other, anew for each network.

    Args:
        planes: of the scan.
        classes: how many.
        seed: of the draw.
    """

    def __init__(self, planes: Planes, classes: int, seed: int) -> None:
        self.planes, self.classes, self.seed = planes, classes, seed
        self.side = min(SIDE, *planes.whole("xy").shape)
        self.version, self.found = -1, list[Region]()
        self.before: list[Region] = []
        self.windows = RandomWindows(planes, self.side, seed)

    def look(self, network: nn.Module, inferer: Inferer, version: int) -> bool:
        """Look at the next region; whether there is another one."""
        if version != self.version:
            self.before = self.found if len(self.found) >= FEWEST else self.before
            self.version, self.found = version, []
        if len(self.found) < MOST:
            window = self.windows[len(self.found)]
            self.found = [*self.found, self._region(window, network, inferer, version)]
        return len(self.found) < MOST

    def newest(self) -> list[Region]:
        """What the newest network says; what the one before said, as long as that is little."""
        return self.found if len(self.found) >= FEWEST else self.before or self.found

    def shares(self) -> tuple[np.ndarray, np.ndarray] | None:
        """Share of each class in the core and its standard error, by what is predicted; None where too little is."""
        found = self.found
        if len(found) < FEWEST:
            return None
        wrong = np.stack([region.counts for region in found], axis=1).astype(float)
        chances = np.array([region.window.probability for region in found])
        return difference_estimate(Residuals(wrong, np.broadcast_to(wrong.sum(0), wrong.shape), chances, 0.0))

    def _region(self, window: Window, network: nn.Module, inferer: Inferer, version: int) -> Region:
        box = self.windows.box(window)
        part = predict_part(self.planes, network, inferer, ("xy", window.z, box), version)
        counts = np.bincount(part.labels[part.labels != OUTSIDE], minlength=self.classes)
        places = _places(part.labels, part.uncertainty / 255, box, self.classes)
        least = max(places, key=lambda place: place.unsure, default=None)
        most = tuple(_with_most(places, k) for k in range(self.classes))
        return Region(window, counts, least, most)


def _with_most(places: Sequence[Place], k: int) -> Place | None:
    return max(places, key=lambda place: place.shares[k], default=None)


def _places(labels: np.ndarray, unsure: np.ndarray, box: Box, classes: int) -> Sequence[Place]:
    """Windows on a grid of half their side that lie wholly in the core."""
    if min(labels.shape) < PLACE:
        return []
    inside = labels != OUTSIDE
    grid = np.s_[PLACE - 1 : labels.shape[0] : PLACE // 2, PLACE - 1 : labels.shape[1] : PLACE // 2]

    def mean(values: np.ndarray) -> np.ndarray:
        return window_totals(values.astype(float), PLACE)[grid] / PLACE**2

    core, doubt = mean(inside), mean(np.where(inside, unsure, 0))
    shares = np.stack([mean(labels == k) for k in range(classes)], axis=-1)
    found = np.argwhere(core > 1 - 1e-9).tolist()
    corners = [(box.row + i * PLACE // 2, box.column + j * PLACE // 2) for i, j in found]
    return [
        Place(Box(*corner, PLACE, PLACE), float(doubt[i, j]), tuple(shares[i, j].tolist()))
        for corner, (i, j) in zip(corners, found, strict=True)
    ]
