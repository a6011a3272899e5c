"""Bright and dark fringes along edges, as phase contrast and sharpening reconstruction filters leave them."""

import torch
from monai.transforms import Transform

from synfine_monai.transforms.generate import gaussian_blur


class EdgeEnhancement(Transform):
    """Add a multiple of what a blur takes away.

    Args:
        strength: of the added fringes; 0 changes nothing, 0.5 overshoots a step by a few per cent of its height.
        width: reach of the fringes in voxels, > 0.
        generator: not used; here so that ``RandCorruptd`` builds every corruption alike.

    Shapes:
        attenuation (C, [D,] H, W), float -> same shape and dtype.

    Raises:
        ValueError: if ``strength`` is negative or ``width`` not positive.
    """

    def __init__(self, strength: float, width: float, generator: torch.Generator | None = None) -> None:
        if strength < 0 or width <= 0:
            raise ValueError(f"strength must not be negative and width positive, got {strength} and {width}.")
        self.strength, self.width = float(strength), float(width)

    def __call__(self, attenuation: torch.Tensor) -> torch.Tensor:
        smooth = torch.stack([gaussian_blur(channel, self.width) for channel in attenuation])
        return attenuation + self.strength * (attenuation - smooth)
