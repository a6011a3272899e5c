"""Grey levels of a rock with three phases, in any shares."""

import numpy as np

from synfine_monai.survey import GreyScale, RawScale, describe_grey_levels

MEANS, SPREAD = np.array([300.0, 1000.0, 2200.0]), 90.0


def grey_levels(shares: tuple[float, float, float], voxels: int = 400_000, seed: int = 0):
    """(values, classes): grey levels of pore, matrix and dense in these shares; a tenth lies between two of them."""
    rng = np.random.default_rng(seed)
    classes = rng.choice(3, voxels, p=shares)
    means = MEANS[classes]
    rims = rng.random(voxels) < 0.1
    means = np.where(rims, means + rng.random(voxels) * 0.5 * (MEANS[1] - means), means)
    return rng.normal(means, SPREAD), classes


TRAINING = (0.2, 0.75, 0.05)


def known_scale(dtype: str = "uint16") -> tuple[GreyScale, tuple[float, float]]:
    """What a model keeps of a scan in the shares of training, and that scan's mean and spread."""
    values, classes = grey_levels(TRAINING, seed=9)
    center, scale = float(values.mean()), float(values.std())
    return describe_grey_levels([RawScale(dtype, center, scale)], [(values - center) / scale], [classes]), (
        center,
        scale,
    )
