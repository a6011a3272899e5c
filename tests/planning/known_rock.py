"""A rock whose truth is known, and a network that is wrong about it in a way that depends on the place."""

import numpy as np
from scipy.ndimage import gaussian_filter


def rock(shape=(24, 96, 96), share=0.2, seed=0):
    """(truth bool, core bool, prediction bool, probabilities): blobs in a cylinder, predicted too wide at its rim."""
    rng = np.random.default_rng(seed)
    field = gaussian_filter(rng.standard_normal(shape), (2, 3, 3))
    y, x = np.mgrid[: shape[1], : shape[2]]
    radius = np.hypot(y - (shape[1] - 1) / 2, x - (shape[2] - 1) / 2) / (shape[1] / 2)
    core = np.broadcast_to(radius < 1.25, shape).copy()  # a cylinder that the image cuts, as a region of interest does
    field /= field[core].std()
    cut = np.quantile(field[core], 1 - share)
    seen = field - cut + 0.1 * rng.standard_normal(shape) + np.where(radius > 0.9, 0.6, 0.1)
    soft = 1 / (1 + np.exp(-seen / 0.15))
    return (field > cut) & core, core, (seen > 0) & core, soft
