"""Square windows on the slices of a scan that may hang over its edge, so that every voxel is as likely as any other."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Window:
    """A window that was drawn.

    Attributes:
        id: its number in the plan, from 1.
        z: slice of the scan.
        y, x: its first row and column; negative where it hangs over the edge.
        size: its side in voxels.
        probability: with which one draw takes it, among all windows on slices that hold rock.
        axis: that its slice is normal to.
        purpose: what it is for.
    """

    id: int
    z: int
    y: int
    x: int
    size: int
    probability: float
    axis: str = "z"
    purpose: str = "audit"

    def within(self, height: int, width: int) -> tuple[slice, slice]:
        """Rows and columns of a slice of that size that the window covers."""
        rows = slice(max(self.y, 0), min(self.y + self.size, height))
        return rows, slice(max(self.x, 0), min(self.x + self.size, width))

    def own(self, height: int, width: int) -> tuple[slice, slice]:
        """The same rows and columns, counted from the window's own corner."""
        rows, columns = self.within(height, width)
        return slice(rows.start - self.y, rows.stop - self.y), slice(columns.start - self.x, columns.stop - self.x)


def window_totals(values: np.ndarray, size: int) -> np.ndarray:
    """Sums over every window of ``size``², also over those that hang over an edge.

    A window that begins at row y and column x stands at [..., y + size - 1, x + size - 1]. Each voxel is in size² of
    them.

    Args:
        values: (..., H, W).
        size: side of the windows in voxels.

    Returns:
        (..., H + size - 1, W + size - 1) float64 or int64.
    """
    totals = values.astype(np.float64 if values.dtype.kind == "f" else np.int64)
    for axis in (-2, -1):
        totals = _sums_along(totals, size, axis)
    return totals


def _sums_along(values: np.ndarray, size: int, axis: int) -> np.ndarray:
    extent = values.shape[axis]
    empty = np.zeros_like(np.take(values, [0], axis))
    upto = np.concatenate([empty, values.cumsum(axis)], axis)
    ends = np.arange(1, extent + size)
    return np.take(upto, np.minimum(ends, extent), axis) - np.take(upto, np.maximum(ends - size, 0), axis)
