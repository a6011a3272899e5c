"""Which value of a volume of labels lies outside the core, where its scan is not at hand."""

from collections.abc import Collection
from dataclasses import dataclass, field

import numpy as np
from scipy import ndimage

from synfine_monai.conventions import OUTSIDE
from synfine_monai.data.label_roles import EVERY_VALUE, is_stretched
from synfine_monai.errors import ScanError
from synfine_monai.notices import look_at
from synfine_monai.scans import Scan

MOST_SLICES = 32
ENCLOSED = 2  # areas of 255 a slice that others surround: a core has one at most, where it was drilled
IN_ONE_PIECE = 0.9  # of what is not 255: the core of a slice
SMALLEST = 0.02  # of the core: what the corners lack is told where there is as much of it elsewhere


@dataclass
class _Seen:
    """What some slices of labels hold, one after the other."""

    values: set[int] = field(default_factory=set)
    enclosed: list[int] = field(default_factory=list)
    pieces: list[float] = field(default_factory=list)
    whole: list[int] = field(default_factory=list)
    corners: np.ndarray = field(default_factory=lambda: np.zeros(256))
    middle: np.ndarray = field(default_factory=lambda: np.zeros(256))

    def add(self, image: np.ndarray) -> None:
        """Look at one slice (H, W) of uint8."""
        self.values |= {int(v) for v in np.unique(image)}
        if image.min() == image.max():
            self.whole.append(int(image[0, 0]))
            return
        parts, count = ndimage.label(image == OUTSIDE)
        at_border = np.unique(np.concatenate([parts[0], parts[-1], parts[:, 0], parts[:, -1]]))
        self.enclosed.append(count - np.count_nonzero(at_border))
        cores = np.bincount(ndimage.label(image != OUTSIDE)[0].ravel())[1:]
        self.pieces.append(cores.max(initial=0) / max(1, cores.sum()))
        y, x = (np.linspace(-1, 1, n) for n in image.shape)
        corner = np.hypot(*np.meshgrid(y, x, indexing="ij")) > 1
        self.corners += np.bincount(image[corner], minlength=256)
        self.middle += np.bincount(image[~corner], minlength=256)


def outside_value_of(
    labels: Scan, given: int | str | None = None, pore_labels: Collection[int] = (), stated: bool = False
) -> int | None:
    """The value that is outside the core in a volume of labels, or None where every voxel is in it.

    Args:
        labels: an open volume of labels.
        given: the value, by the user; "none" if every value is a class; None looks at some slices. 255 is outside,
            unless it is pore, or the values are those of a mask of 0 and 255 (0, 127 or 128, and 255, ...).
        pore_labels: classes that are pore space.
        stated: whether it is known that 255 is outside: a volume that this package wrote.

    Raises:
        ScanError: if 255 lies between the other values, or one value fills most slices, and ``given`` does not say
            what they are.
    """
    if given is not None or stated:
        return _checked(given)
    name, seen, depth = labels.info.path.name, _Seen(), labels.shape[0]
    for z in np.unique(np.linspace(0, depth - 1, min(depth, MOST_SLICES)).round().astype(int)):
        seen.add(np.clip(labels.read(z, z + 1)[0], 0, OUTSIDE).astype(np.uint8))
    if OUTSIDE in pore_labels:
        return _told(seen, None, name)
    if OUTSIDE in seen.values and is_stretched(sorted(seen.values)):
        look_at(
            f"{name} is a mask of {_listed(seen.values)}: 255 counts as a class (--outside_value 255 says otherwise)."
        )
        return _told(seen, None, name)
    if seen.enclosed and (np.mean(seen.enclosed) >= ENCLOSED or np.mean(seen.pieces) < IN_ONE_PIECE):
        raise ScanError(
            f"255 lies between the other values of {name}: if it is a class, give --outside_value {EVERY_VALUE}; if it "
            "is outside the core or not labelled, give --outside_value 255."
        )
    return _told(seen, OUTSIDE, name)


def _checked(given: int | str | None) -> int | None:
    if given == EVERY_VALUE:
        return None
    if given is not None and (type(given) is not int or not 0 <= given <= OUTSIDE):
        raise ScanError(f"--outside_value takes a whole number from 0 to 255, or {EVERY_VALUE}, got {given!r}.")
    return OUTSIDE if given is None else given


def _told(seen: _Seen, outside: int | None, name: str) -> int | None:
    """The answer, with a question where another value than the answer looks as if it were outside, or not labelled."""
    slices = len(seen.whole) + len(seen.enclosed)
    for value in sorted(seen.values - {outside}):
        whole = seen.whole.count(value)
        if whole > slices / 2 and seen.enclosed:
            raise ScanError(
                f"{value} fills {whole} of the {slices} slices of {name} that were looked at: if it is outside the "
                f"core or not labelled, give --outside_value {value}; if it is a class, --outside_value "
                f"{EVERY_VALUE if outside is None else outside}."
            )
        others = np.setdiff1d(np.arange(256), [value, OUTSIDE if outside is None else outside])
        in_corners, in_middle = (counts[others].sum() for counts in (seen.corners, seen.middle))
        if in_middle > SMALLEST * seen.middle.sum() and not in_corners and seen.corners[value]:
            look_at(f"{value} fills the corners of every slice of {name} and counts as a class: if the core is round, "
                    "give a mask of it with --fov.")  # fmt: skip
    return outside


def _listed(values: Collection[int]) -> str:
    return ", ".join(map(str, sorted(values)))
