"""The three ways to look at a volume slice by slice, and boxes on such slices."""

from collections.abc import Sequence
from typing import NamedTuple

from synfine_monai.errors import ScanError

Shape = tuple[int, int, int]

AXES = {"xy": (0, 1, 2), "xz": (1, 0, 2), "yz": (2, 0, 1)}
"""View -> the axis (z, y, x) that its slices are normal to, that of their rows, and that of their columns."""


class Box(NamedTuple):
    """A rectangle of a slice: its first row and column, and how many of each."""

    row: int
    column: int
    rows: int
    columns: int

    @property
    def shape(self) -> tuple[int, int]:
        """(rows, columns)."""
        return self.rows, self.columns

    @property
    def cut(self) -> tuple[slice, slice]:
        """Rows and columns of the slice."""
        return slice(self.row, self.row + self.rows), slice(self.column, self.column + self.columns)

    def within(self, outer: "Box") -> tuple[slice, slice]:
        """Rows and columns of this box, counted from the corner of one that holds it."""
        return Box(self.row - outer.row, self.column - outer.column, self.rows, self.columns).cut

    def meet(self, other: "Box") -> "Box":
        """What both share; it may have no rows or columns."""
        row, column = max(self.row, other.row), max(self.column, other.column)
        below = min(self.row + self.rows, other.row + other.rows)
        right = min(self.column + self.columns, other.column + other.columns)
        return Box(row, column, max(0, below - row), max(0, right - column))

    def grown(self, margin: int, divisible: int, shape: tuple[int, int]) -> "Box":
        """With at least ``margin`` more on every side, begun at a multiple of ``divisible``, as far as ``shape`` goes.

        The far sides end at such a multiple as well, or with the slice.
        """
        starts = [max(0, first - margin) // divisible * divisible for first in self[:2]]
        ends = [
            min(extent, -(-(first + count + margin) // divisible) * divisible)
            for first, count, extent in zip(self[:2], self[2:], shape, strict=True)
        ]
        return Box(starts[0], starts[1], ends[0] - starts[0], ends[1] - starts[1])


def slice_shape(shape: Shape, view: str) -> tuple[int, int]:
    """Rows and columns of the slices of a view of a (D, H, W) volume."""
    _, rows, columns = AXES[view]
    return shape[rows], shape[columns]


def check_slice(shape: Shape, view: str, index: int) -> None:
    """Refuse a slice that is not there.

    Raises:
        ScanError: for an unknown view, or an index beyond the volume.
    """
    if view not in AXES:
        raise ScanError(f"there is no view {view!r}: choose {', '.join(AXES)}.")
    count = shape[AXES[view][0]]
    if isinstance(index, bool) or not isinstance(index, int) or not 0 <= index < count:
        raise ScanError(f"there is no slice {index!r} in the view {view}: the scan has slices 0 to {count - 1} there.")


def clipped_box(shape: Shape, view: str, index: int, box: Sequence[int] | None) -> Box:
    """A box as far as it lies on a slice; None is the whole slice.

    Raises:
        ScanError: as ``check_slice``, and for a box that is no four whole numbers, or lies beside the slice.
    """
    check_slice(shape, view, index)
    whole = Box(0, 0, *slice_shape(shape, view))
    if box is None:
        return whole
    if len(box) != 4 or any(isinstance(n, bool) or not isinstance(n, int) for n in box):
        raise ScanError(f"a box is four whole numbers, its first row and column, rows and columns; got {box!r}.")
    found = Box(*box).meet(whole)
    if not found.rows or not found.columns:
        raise ScanError(f"the box {tuple(box)} shares nothing with the slice of {whole.rows}×{whole.columns} voxels.")
    return found
