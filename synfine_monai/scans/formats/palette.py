"""Palettes of indexed images: a scale of grey levels is read through, colours are names of classes."""

from dataclasses import dataclass

import numpy as np

FEW = 16
"""Different greys up to which a palette may be that of labels, of which the indices are the classes."""


@dataclass(frozen=True)
class Palette:
    """What the indices of an image stand for.

    Args:
        colours: (n, 3) red, green and blue of index 0 to n - 1, 8 or 16 bits.
    """

    colours: np.ndarray

    @property
    def is_grey(self) -> bool:
        """Whether it is a scale of grey levels, in any order."""
        red, *others = np.moveaxis(self.colours, -1, 0)
        return all(np.array_equal(red, other) for other in others) and len(np.unique(red)) > FEW

    @property
    def rises(self) -> bool:
        """Whether the brightness rises with the index, as of a tinted scale: indices are grey levels then."""
        return bool((np.diff(self.colours.astype(float).sum(1)) >= 0).all())

    def greys(self, dtype: np.dtype) -> np.ndarray:
        """Grey level of each index, as an image of ``dtype`` holds them; 0 for an index without a colour."""
        grey = np.zeros(max(256, len(self.colours)), dtype)
        red = self.colours[:, 0]
        grey[: len(red)] = red >> 8 if dtype.itemsize == 1 and red.max() > 255 else red
        return grey

    def layout(self) -> dict[str, bytes]:
        """What ``ScanInfo.layout`` tells of it: "indices" where grey levels cannot be told from them."""
        return {} if self.is_grey or self.rises else {"indices": self.colours.tobytes()}
