"""Slices of a scan in any view: as they are shown, and as a network sees them."""

from collections.abc import Sequence
from functools import lru_cache
from threading import RLock
from typing import NamedTuple

import numpy as np

from synfine_monai.labelling.views import Box, slice_shape
from synfine_monai.labelling.working_copy import WorkingCopy
from synfine_monai.scans import Scan
from synfine_monai.survey import FieldOfView, IntensityStatistics
from synfine_monai.transforms import fill_outside

KEPT_SLICES = 4


class Seen(NamedTuple):
    """A part of a slice as a network sees it.

    Attributes:
        image: (rows, columns) float32, normalised, filled outside the core.
        core: (rows, columns) bool.
    """

    image: np.ndarray
    core: np.ndarray


class Planes:
    """Reads parts of slices; may be asked by several threads.

    Slices of the view xy come from the scan itself, normalised and filled as ``learn`` and ``segment`` do it. Those of
    the other views, and all of a file that can be read forwards only, come from the working copy: 8 bits, and what is
    outside the core is filled from the part that is read alone.

    Args:
        scan: an open scan.
        fov: its field of view.
        statistics: by which it is normalised.
        copy: its working copy.
    """

    def __init__(self, scan: Scan, fov: FieldOfView, statistics: IntensityStatistics, copy: WorkingCopy) -> None:
        self.scan, self.fov, self.statistics, self.copy = scan, fov, statistics, copy
        self._lock = RLock()  # a scan serves one thread at a time
        self._grey = lru_cache(KEPT_SLICES)(self._read)
        self._seen = lru_cache(KEPT_SLICES)(self._look)

    def whole(self, view: str) -> Box:
        """All of a slice."""
        return Box(0, 0, *slice_shape(self.scan.shape, view))

    def shown(self, view: str, index: int, box: Box) -> np.ndarray:
        """(rows, columns) uint8."""
        with self._lock:
            if not self._is_direct(view):
                return self.copy.grey(view, index, box)
            return self.copy.eight_bits(self._grey(index)[0][box.cut])

    def core(self, view: str, index: int, box: Box) -> np.ndarray:
        """(rows, columns) bool: what is rock."""
        with self._lock:
            if not self._is_direct(view):
                return self.copy.core(view, index, box)
            return self.fov.inside(self._grey(index), index)[0][box.cut]

    def seen(self, view: str, index: int, box: Box) -> Seen:
        """What a network gets to see of a part."""
        with self._lock:
            if self._is_direct(view):
                image, core = self._seen(index)
                return Seen(image[box.cut], core[box.cut])
            core = self.copy.core(view, index, box)
            return self._filled(self.copy.levels(view, index, box)[None], core[None], index)

    def reading(self) -> RLock:
        """What to hold while the scan is read by others."""
        return self._lock

    def depths(self, count: int) -> Sequence[int]:
        """At most ``count`` slices z, evenly spaced."""
        return np.unique(np.linspace(0, self.scan.shape[0] - 1, count).round().astype(int)).tolist()

    def _is_direct(self, view: str) -> bool:
        return view == "xy" and not self.scan.forward_only

    def _read(self, z: int) -> np.ndarray:
        return self.scan.read(z, z + 1)

    def _look(self, z: int) -> Seen:
        grey = self._grey(z)
        return self._filled(grey, self.fov.inside(grey, z), z)

    def _filled(self, grey: np.ndarray, core: np.ndarray, z: int) -> Seen:
        image = self.statistics.normalise(grey, z)
        image = fill_outside(image, core) if core.any() else np.zeros_like(image)
        return Seen(image[0], core[0])
