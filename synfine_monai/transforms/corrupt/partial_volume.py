"""Partial volume: a voxel shows the mean of what it and the scanner's focal spot cover."""

import torch
from monai.transforms import Transform

from synfine_monai.transforms.generate import gaussian_blur


class PartialVolume(Transform):
    """Blur along every axis by a Gaussian point spread function.

    Args:
        width: its standard deviation in voxels, >= 0; 0.5 to 1.5 in usual scans.
        generator: not used, since a blur is not random; here so that ``RandCorruptd`` builds every corruption alike.

    Shapes:
        attenuation (C, [D,] H, W), float -> same shape and dtype; the mean is kept away from the borders.

    Raises:
        ValueError: if ``width`` is negative.
    """

    def __init__(self, width: float, generator: torch.Generator | None = None) -> None:
        if width < 0:
            raise ValueError(f"width must not be negative, got {width}.")
        self.width = float(width)

    def __call__(self, attenuation: torch.Tensor) -> torch.Tensor:
        return torch.stack([gaussian_blur(channel, self.width) for channel in attenuation])
