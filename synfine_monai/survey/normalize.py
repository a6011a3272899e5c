"""Normalisation by statistics of the core, with the surroundings filled, as a MONAI transform."""

import numpy as np
import torch
from monai.config import NdarrayOrTensor
from monai.transforms import Transform
from monai.utils import convert_to_dst_type, convert_to_numpy

from synfine_monai.survey.intensity import IntensityStatistics
from synfine_monai.transforms import fill_outside

__all__ = ["NormalizeIntensityInFieldOfView"]


class NormalizeIntensityInFieldOfView(Transform):
    """Normalise grey levels by statistics found once for the whole scan, and fill what lies outside the core.

    MONAI's own ``NormalizeIntensity`` takes its statistics from the image at hand, where the share of a bright
    mineral in one slice would move the grey level of all others.

    Args:
        statistics: of the scan or specimen, see ``synfine_monai.survey.intensity``.

    Shapes:
        image (1, [D,] H, W), any real dtype; fov alike, bool, or None for all inside -> image's shape, float32.
    """

    def __init__(self, statistics: IntensityStatistics) -> None:
        self.statistics = statistics

    def __call__(self, image: NdarrayOrTensor, fov: NdarrayOrTensor | None = None) -> NdarrayOrTensor:
        normalised = self.statistics.normalise(convert_to_numpy(image))
        if fov is not None:
            slices = normalised.reshape(-1, *normalised.shape[-2:])
            inside = convert_to_numpy(fov).astype(bool).reshape(slices.shape)
            normalised = fill_outside(slices, inside).reshape(normalised.shape)
        return convert_to_dst_type(np.ascontiguousarray(normalised), image, dtype=torch.float32)[0]
