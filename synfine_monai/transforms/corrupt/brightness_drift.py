"""Slow changes of brightness across an image, as beam hardening and an uneven beam leave them."""

import torch
from monai.transforms import Transform


class BrightnessDrift(Transform):
    """Multiply by a slope and a bowl at random.

    Args:
        strength: size of either at the image's edge, as a fraction of the grey level, 0 to 0.5.
        generator: source of randomness, on the image's device.

    Shapes:
        attenuation (C, [D,] H, W), float -> same shape and dtype; slices share the drift.

    Raises:
        ValueError: if ``strength`` lies outside 0 to 0.5.
    """

    def __init__(self, strength: float, generator: torch.Generator | None = None) -> None:
        if not 0 <= strength <= 0.5:
            raise ValueError(f"strength must lie between 0 and 0.5, got {strength}.")
        self.strength, self.generator = float(strength), generator

    def __call__(self, attenuation: torch.Tensor) -> torch.Tensor:
        height, width = attenuation.shape[-2:]
        like = {"dtype": attenuation.dtype, "device": attenuation.device}
        a, b, c = (2 * torch.rand(3, generator=self.generator, **like) - 1).unbind()
        y = torch.linspace(-1, 1, height, **like)[:, None]
        x = torch.linspace(-1, 1, width, **like)[None, :]
        return attenuation * (1 + self.strength * (0.5 * (a * y + b * x) + 0.25 * c * (y * y + x * x)))
