"""Windows drawn at random from the core, one after the other, each with the probability with which it was drawn."""

from synfine_monai.labelling.planes import Planes
from synfine_monai.labelling.views import Box
from synfine_monai.planning import SliceLook, Window, draw_windows

AT_FIRST = 8


class RandomWindows:
    """The same windows in the same order for a seed, however many are asked for.

    Args:
        planes: of the scan.
        size: side of the windows in voxels.
        seed: of the draw.
    """

    def __init__(self, planes: Planes, size: int, seed: int) -> None:
        self.planes, self.size, self.seed = planes, size, seed
        self._drawn: list[Window] = []

    def __getitem__(self, number: int) -> Window:
        """The window of this number, from 0; more are drawn than are asked for, since slices are read for it."""
        if number >= len(self._drawn):
            count = max(AT_FIRST, 2 * number)
            depths = range(self.planes.scan.shape[0])
            self._drawn = draw_windows(depths, self._look, count, self.size, self.seed)
        return self._drawn[number]

    def box(self, window: Window) -> Box:
        """The part of a window that lies on its slice."""
        rows, columns = window.within(*self.planes.whole("xy").shape)
        return Box(rows.start, columns.start, rows.stop - rows.start, columns.stop - columns.start)

    def _look(self, z: int) -> SliceLook:
        return SliceLook(self.planes.core("xy", z, self.planes.whole("xy")))
