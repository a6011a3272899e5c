"""A scan of any size that makes its slices when they are read."""

from pathlib import Path

import numpy as np

from synfine_monai.scans import Scan, ScanInfo


class MadeScan(Scan):
    """Squares of pore, their places different on every slice, and noise; (D, H, W) uint16."""

    def __init__(self, shape, seed=0):
        super().__init__(ScanInfo(Path("made.npy"), "npy", shape, np.dtype(np.uint16), None))
        rng = np.random.default_rng(seed)
        self.noise = rng.normal(0, 1500, (2 * shape[1], 2 * shape[2])).astype(np.float32)
        self.read_slices = 0

    def pores(self, z):
        """(H, W) bool, the truth of slice ``z``."""
        y, x = np.ogrid[: self.shape[1], : self.shape[2]]
        return ((y + 3 * z) // 12 % 3 == 0) & ((x + 5 * z) // 12 % 3 == 0)

    def _read(self, start, stop):
        self.read_slices += stop - start
        slab = np.empty((stop - start, *self.shape[1:]), np.uint16)
        for k, z in enumerate(range(start, stop)):
            y, x = z * 37 % self.shape[1], z * 61 % self.shape[2]
            noise = self.noise[y : y + self.shape[1], x : x + self.shape[2]]
            slab[k] = np.where(self.pores(z), 18000, 30000) + noise
        return slab
