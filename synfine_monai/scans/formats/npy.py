"""NumPy arrays (.npy), read through the memory map of their file."""

from pathlib import Path

import numpy as np

from synfine_monai.errors import ScanError
from synfine_monai.scans.base import Scan, ScanInfo, grey_dtype


class NpyScan(Scan):
    """An array of grey levels with the axes z, y, x, or y, x; axes of length 1 before them are left out.

    It says no voxel size.

    Raises:
        ScanError: for other numbers of axes, and for arrays of objects, records or complex numbers.
    """

    def __init__(self, path: Path) -> None:
        array = np.load(path, mmap_mode="r")
        shape = array.shape
        while len(shape) > 3 and shape[0] == 1:
            shape = shape[1:]
        if len(shape) not in (2, 3) or 0 in shape:
            raise ScanError(
                f"{path.name} is an array of {'×'.join(map(str, array.shape)) or 'no'} numbers; a scan has the axes "
                "z, y, x, one volume a file."
            )
        depth, height, width = shape if len(shape) == 3 else (1, *shape)
        super().__init__(ScanInfo(path, "npy", (depth, height, width), grey_dtype(path.name, array.dtype), None))

    def _read(self, start: int, stop: int) -> np.ndarray:
        return np.load(self.info.path, mmap_mode="r").reshape(self.shape)[start:stop]
