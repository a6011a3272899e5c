"""What the values of a label volume cover: inside the core and around it, slice by slice, and at which grey levels."""

from functools import cached_property

import numpy as np

from synfine_monai.conventions import NORMALISATION
from synfine_monai.data.labels_of_scan import SliceLabels, drawn_depths, label_file, open_labels, refuse_unlike_shapes
from synfine_monai.data.task import Item
from synfine_monai.errors import ScanError
from synfine_monai.scans import open_scan
from synfine_monai.survey import DrawnLabels, find_scan_field_of_view, measure_scan_intensity

VALUES, BINS = 256, 120
WHOLE_SLICES = 8  # of one value whose grey levels are read
NORMALISED = 6.0  # grey levels farther from the mean are counted at the ends


class Census:
    """Counts by value, 0 to 255.

    Attributes:
        inside, outside: (256,) voxels in the field of view, and beyond it.
        corners, middle: (256,) voxels of the field of view outside the inscribed ellipse, and in the middle of it, in
            slices of several values.
        whole: (256,) slices that are this value everywhere in the core.
        mixed_grey: (256, bins) grey levels in the core, in slices of several values.
        whole_grey: (256, bins) likewise in some slices of this value alone.
        grey_sums: (256,) of the grey levels of both.
        slices: that were looked at.
        not_drawn: the value of what the file says nothing of, or None.
        names: value -> its name, where the file gives one.
    """

    def __init__(self) -> None:
        self.inside, self.outside, self.corners, self.middle, self.whole, self.grey_sums = np.zeros((6, VALUES))
        self.mixed_grey, self.whole_grey = np.zeros((2, VALUES, BINS))
        self.slices = 0
        self.not_drawn: int | None = None
        self.names: dict[int, str] = {}

    @cached_property
    def values(self) -> list[int]:
        """All values that occur, ascending."""
        return [int(v) for v in np.flatnonzero(self.inside + self.outside)]

    def share(self, value: int) -> float:
        """Of the core's voxels in the slices that were looked at, 0 to 1."""
        return float(self.inside[value] / max(1, self.inside.sum()))

    def mixed_share(self, value: int) -> float:
        """Likewise, in slices of several values."""
        return float(self.mixed_grey[value].sum() / max(1, self.mixed_grey.sum()))

    def grey(self, values: list[int]) -> np.ndarray:
        """Mean grey level of each value in the core; NaN where none was read."""
        counts = (self.mixed_grey + self.whole_grey)[values].sum(1)
        return np.divide(self.grey_sums[values], counts, out=np.full(len(values), np.nan), where=counts > 0)

    def add(self, values: np.ndarray, fov: np.ndarray, places: tuple[np.ndarray, np.ndarray]) -> int:
        """Count one slice (H, W) of uint8 values; returns how many of them are in the core."""
        within, around = (np.bincount(values[place], minlength=VALUES) for place in (fov, ~fov))
        if self.not_drawn is not None:
            around[self.not_drawn] = 0
        self.inside += within
        self.outside += around
        present = np.flatnonzero(within)
        if len(present) == 1:
            self.whole[present[0]] += 1
        for counts, place in zip((self.corners, self.middle), places if len(present) > 1 else (), strict=False):
            counts += np.bincount(values[place & fov], minlength=VALUES)
        self.slices += 1
        return len(present)

    def add_grey(self, values: np.ndarray, grey: np.ndarray, bins: np.ndarray, whole: bool) -> None:
        """Count the grey levels (n,) of the core of a slice, whose place in the histograms is ``bins`` (n,)."""
        joint = np.bincount(values.astype(np.int64) * BINS + bins, minlength=VALUES * BINS).reshape(VALUES, BINS)
        (self.whole_grey if whole else self.mixed_grey)[...] += joint
        self.grey_sums += np.bincount(values, weights=grey.astype(float), minlength=VALUES)


def take_census(item: Item) -> Census:
    """Count the labels of an item, one slice at a time.

    Raises:
        ScanError: if they do not lie on the scan, are no whole numbers from 0 to 255, or no core is found.
    """
    census = Census()
    with open_scan(item.image) as image, open_labels(item) as label:
        refuse_unlike_shapes(item, image, label)
        if isinstance(label, DrawnLabels) and not isinstance(label, SliceLabels):  # files of slices are drawn wholly
            census.not_drawn, census.names = label.not_drawn, label.names
        fov = find_scan_field_of_view(image, item.fov)
        statistics = measure_scan_intensity(image, fov, NORMALISATION)
        places = _places(image.shape[1:])
        for z in drawn_depths(label):
            (values,) = checked_labels(label.read(z, z + 1), label_file(item, label, z))
            seen = image.read(z, z + 1)
            core = fov.inside(seen, z)[0] & (values != census.not_drawn)
            count = census.add(values, core, places)
            if count > 1 or (count and census.whole[values[core][0]] <= WHOLE_SLICES):
                grey = seen[0][core]
                normalised = (statistics.normalise(grey) / NORMALISED + 1) / 2
                bins = np.clip(normalised * BINS, 0, BINS - 1).astype(np.int64)
                census.add_grey(values[core], grey, bins, count == 1)
    return census


def checked_labels(values: np.ndarray, file: object) -> np.ndarray:
    """Labels of any type as uint8.

    Raises:
        ScanError: if they are no whole numbers from 0 to 255.
    """
    if values.min() < 0 or values.max() > 255 or (values.dtype.kind == "f" and (values % 1).any()):
        raise ScanError(f"{file} must hold classes 0 to 255, but its values go from {values.min()} to {values.max()}.")
    return values.astype(np.uint8)


def _places(shape: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    y, x = (np.linspace(-1, 1, n) for n in shape)
    radius = np.hypot(*np.meshgrid(y, x, indexing="ij"))
    return radius > 1, radius < 0.5
