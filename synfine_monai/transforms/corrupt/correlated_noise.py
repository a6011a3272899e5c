"""Noise after reconstruction: normal, and alike in neighbouring voxels, as the reconstruction's filter leaves it."""

import torch
from monai.transforms import Transform

from synfine_monai.transforms.generate import gaussian_blur


class CorrelatedNoise(Transform):
    r"""Add normal noise of standard deviation ``strength``, with covariance :math:`e^{-r^2 / 4 l^2}`.

    Args:
        strength: standard deviation in units of attenuation, >= 0.
        length: :math:`l` in voxels, >= 0; 0 is white noise. Below 0.4 neighbours are all but independent.
        generator: source of randomness, on the image's device.

    Shapes:
        attenuation (C, [D,] H, W), float -> same shape and dtype.

    Raises:
        ValueError: if ``strength`` or ``length`` is negative.
    """

    def __init__(self, strength: float, length: float = 0.0, generator: torch.Generator | None = None) -> None:
        if strength < 0 or length < 0:
            raise ValueError(f"strength and length must not be negative, got {strength} and {length}.")
        self.strength, self.length, self.generator = float(strength), float(length), generator

    def __call__(self, attenuation: torch.Tensor) -> torch.Tensor:
        noise = torch.empty_like(attenuation).normal_(generator=self.generator)
        noise = torch.stack([gaussian_blur(channel, self.length, norm=2) for channel in noise])
        return attenuation + self.strength * noise
