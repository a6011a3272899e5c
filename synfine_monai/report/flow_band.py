"""What a band of flow numbers is made from: the probability of pore space, and how far its level may be off."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from synfine_monai.conventions import UNLABELLED
from synfine_monai.errors import ScanError
from synfine_monai.rock import covering_shift, needed_shift
from synfine_monai.scans import Scan

CONFIDENCE = 0.95  # of the shift, for one more window


class DrawnWindow(Protocol):
    """A window of an audit's plan."""

    z: int

    def within(self, height: int, width: int) -> tuple[slice, slice]:
        """Rows and columns of a slice that it covers."""

    def own(self, height: int, width: int) -> tuple[slice, slice]:
        """The same, counted from its own corner."""


@dataclass(frozen=True)
class FlowBand:
    """Level sets of a probability, whose flow is a band around that of the labels.

    Attributes:
        chances: of pore space, float, 0 to 1, as inference writes it with ``--pore_probability True``.
        shift: by which the level of ½ is moved both ways.
        windows: that it comes from; 0 if it was given.
    """

    chances: Scan
    shift: float
    windows: int = 0

    def cube(self, corner: tuple[int, int, int], edge: int) -> np.ndarray:
        """(edge, edge, edge) probability.

        Raises:
            ScanError: if there are values beyond 0 and 1.
        """
        z, y, x = corner
        return checked_chances(self.chances, z, z + edge)[:, y : y + edge, x : x + edge]


def band_of_flow(
    chances: Scan | None,
    shape: tuple[int, int, int],
    shift: float | None = None,
    images: Mapping[int, DrawnWindow] | None = None,
    labels: Mapping[int, np.ndarray] | None = None,
    pore_labels: Collection[int] = (),
) -> FlowBand | None:
    """The band of a probability, with a shift that is given, or the one that labelled windows of an audit need.

    Args:
        chances: probability of pore space; None: no band.
        shape: (D, H, W) of the labels.
        shift: 0 to ½; None: from the windows.
        images: number -> window of the plan.
        labels: number -> (size, size) classes, 255 where not labelled.
        pore_labels: classes that are pore space.

    Raises:
        ScanError: if shapes differ, nothing tells the shift, or there are fewer than 19 windows.
    """
    if chances is None:
        return None
    if chances.shape != shape:
        raise ScanError(f"{chances.info.path.name} is {chances.shape} voxels, but the labels are {shape}.")
    if shift is not None:
        return FlowBand(chances, float(shift))
    if images is None or labels is None:
        raise ScanError("A band of flow takes --level_shift, or --plan and --audit_labels, which tell it.")
    shifts = [_window_shift(chances, images[number], drawn, pore_labels) for number, drawn in labels.items()]
    return FlowBand(chances, covering_shift(np.array(shifts), CONFIDENCE), len(shifts))


def checked_chances(chances: Scan, start: int, stop: int) -> np.ndarray:
    """Slices of a probability.

    Raises:
        ScanError: if there are values beyond 0 and 1.
    """
    slab = chances.read(start, stop)
    if not (slab.min() >= 0 and slab.max() <= 1):
        raise ScanError(
            f"{chances.info.path.name} holds values from {slab.min():g} to {slab.max():g}; a probability is 0 to 1, as "
            "inference writes it with --pore_probability True."
        )
    return slab


def _window_shift(chances: Scan, window: DrawnWindow, labels: np.ndarray, pore_labels: Collection[int]) -> float:
    _, height, width = chances.shape
    found = checked_chances(chances, window.z, window.z + 1)[0][window.within(height, width)]
    own = labels[window.own(height, width)]
    labelled = own != UNLABELLED
    return needed_shift(found[labelled], np.isin(own[labelled], list(pore_labels)))
