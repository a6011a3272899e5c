"""Saturation: grey levels beyond the range that the scan was stored with are cut off."""

import torch
from monai.transforms import Transform


class Saturation(Transform):
    """Cut grey levels above ``level``.

    Args:
        level: highest attenuation that the file could hold.
        generator: not used; here so that ``RandCorruptd`` builds every corruption alike.

    Shapes:
        attenuation (C, [D,] H, W), float -> same shape and dtype.
    """

    def __init__(self, level: float, generator: torch.Generator | None = None) -> None:
        self.level = float(level)

    def __call__(self, attenuation: torch.Tensor) -> torch.Tensor:
        return attenuation.clamp_max(self.level)
