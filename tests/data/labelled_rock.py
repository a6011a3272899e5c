"""A small rock that is known voxel by voxel: a fifth of it pores, some of it dense, and labels as people draw them."""

from pathlib import Path

import numpy as np
import tifffile
from scipy.ndimage import gaussian_filter

SHAPE = (12, 96, 88)
GREY = np.array([30_000.0, 14_000.0, 46_000.0])  # matrix, pore, dense


def rock(shape=SHAPE, seed=0):
    """Truth (D, H, W) uint8: 0 matrix, 1 pore, 2 dense; and its scan, uint16."""
    rng = np.random.default_rng(seed)
    pores, dense = (gaussian_filter(rng.standard_normal(shape), 2.5) for _ in range(2))
    truth = (pores < np.quantile(pores, 0.2)).astype(np.uint8)
    truth[(truth == 0) & (dense > np.quantile(dense, 0.96))] = 2
    scan = gaussian_filter(GREY[truth], 0.6) + rng.normal(0, 2_000, shape)
    return truth, np.clip(scan, 0, 65_535).astype(np.uint16)


TRUTH, SCAN = rock()


def areas(truth=TRUTH, slices=(2, 6, 9)):
    """1 matrix, 2 pore, 3 dense in an area of some slices; 0 elsewhere."""
    labels = np.zeros_like(truth)
    for z in slices:
        labels[z, 8:80, 10:76] = truth[z, 8:80, 10:76] + 1
    return labels


def strokes(truth=TRUTH, slices=(2, 6, 9), seed=1):
    """Some hundred voxels of each class, 1 matrix, 2 pore, 3 dense; 0 elsewhere."""
    drawn = np.random.default_rng(seed).random(truth.shape) < 0.03
    kept = np.isin(np.arange(len(truth)), slices)[:, None, None]
    return np.where(drawn & kept, truth + 1, 0).astype(np.uint8)


def tiff(path: Path, volume: np.ndarray) -> Path:
    tifffile.imwrite(path, volume, compression="zlib")
    return path
