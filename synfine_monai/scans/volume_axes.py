"""Which axes of an array are z, y and x; axes of length 1 besides are left out, longer ones are refused."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from synfine_monai.errors import ScanError

__all__ = ["VolumeAxes", "find_volume_axes"]

WORDS = {"c": "channels", "t": "time points"}
COLOURS = (3, 4)
SMALLEST_IMAGE = 16
"""A last axis of 3 or 4 behind two axes of at least this length is colour, where no axis is named."""

T = TypeVar("T")


@dataclass(frozen=True)
class VolumeAxes:
    """The place of a volume in an array.

    Attributes:
        shape: (D, H, W); D is 1 for an array without z.
        names: what each axis of the array is: "z", "y", "x", or None for one of length 1 that is left out.
    """

    shape: tuple[int, int, int]
    names: tuple[str | None, ...]

    def index(self, start: int, stop: int) -> tuple[slice | int, ...]:
        """What to index the array with for slices ``start`` to ``stop`` (exclusive)."""
        along = {"z": slice(start, stop), "y": slice(None), "x": slice(None)}
        return tuple(along[name] if name else 0 for name in self.names)

    def of(self, numbers: Sequence[T], missing: T) -> tuple[T, T, T]:
        """One number (or unit) an axis of the array as (z, y, x); ``missing`` where the array has no z."""
        z, y, x = (numbers[self.names.index(name)] if name in self.names else missing for name in "zyx")
        return z, y, x


def find_volume_axes(file_name: str, shape: Sequence[int], names: Sequence[str] | None = None) -> VolumeAxes:
    """Find z, y and x by the axes' names, or, where nobody names them, as the axes that are longer than 1.

    Args:
        file_name: for messages.
        shape: of the array.
        names: one letter an axis ("t", "c", "z", "y", "x"), or None.

    Raises:
        ScanError: for several channels or time points, for colour, and for axes in another order than z, y, x.
    """
    if 0 in shape or len(shape) < 2:
        raise ScanError(f"{file_name} has the shape {_size(shape)}; a scan has the axes z, y and x.")
    kept = _unnamed(file_name, shape) if names is None else _named(file_name, shape, names)
    sizes = dict(zip(kept, shape, strict=True))
    return VolumeAxes((int(sizes.get("z", 1)), int(sizes["y"]), int(sizes["x"])), kept)


def _named(file_name: str, shape: Sequence[int], names: Sequence[str]) -> tuple[str | None, ...]:
    for name, length in zip(names, shape, strict=True):
        if name not in "zyx" and length > 1:
            raise ScanError(
                f"{file_name} has {length} {WORDS.get(name, f'values along its axis {name}')}; a scan is "
                "one grey-level volume: save the one to segment by itself."
            )
    kept = tuple(name if name in "zyx" else None for name in names)
    order = "".join(name for name in kept if name)
    if order not in ("zyx", "yx"):
        raise ScanError(
            f"{file_name} has its axes in the order {', '.join(names)}; a scan is stored as z, y, x: transpose it."
        )
    return kept


def _unnamed(file_name: str, shape: Sequence[int]) -> tuple[str | None, ...]:
    first, last = 0, len(shape)
    while last - first > 3 and shape[first] == 1:
        first += 1
    while last - first > 3 and shape[last - 1] == 1:
        last -= 1
    if last - first > 3:
        raise ScanError(
            f"{file_name} has the shape {_size(shape)}; a scan has z, y and x: save one channel of one "
            "time point by itself."
        )
    if last - first == 3 and shape[last - 1] in COLOURS and min(shape[first : last - 1]) >= SMALLEST_IMAGE:
        raise ScanError(
            f"{file_name} of shape {_size(shape)} is a colour image ({shape[last - 1]} values a pixel); "
            "save it as grey levels."
        )
    return (None,) * first + tuple("zyx"[-(last - first) :]) + (None,) * (len(shape) - last)


def _size(shape: Sequence[int]) -> str:
    return "×".join(str(n) for n in np.atleast_1d(shape)) or "()"
