"""Electronic noise: what the detector's readout adds after the photons were counted."""

import torch
from monai.transforms import Transform

from synfine_monai.transforms import require_attenuation


class ElectronicNoise(Transform):
    r"""Add normal noise to the transmitted intensity of every voxel.

    An attenuation :math:`\mu` is read as :math:`-\ln(e^{-\mu} + n)` with :math:`n` normal of standard deviation
    ``strength``. So the noise of :math:`\mu` is ``strength`` times :math:`e^{\mu}`: it grows with :math:`\mu` faster
    than that of photons. Readings below a tenth of ``strength`` count as that much: no detector tells them apart from
    nothing.

    Args:
        strength: standard deviation as a fraction of the unattenuated beam, >= 0. Usual detectors: 0.001 to 0.01.
        generator: source of randomness, on the image's device.

    Shapes:
        attenuation (C, [D,] H, W), float, usually 0 to 3 -> same shape and dtype.

    Raises:
        ValueError: if ``strength`` is negative.

    Source: Buzug, Computed Tomography (2008), sec. 2.4 and 8.1, on quantum and electronic noise.
    """

    def __init__(self, strength: float, generator: torch.Generator | None = None) -> None:
        if strength < 0:
            raise ValueError(f"strength must not be negative, got {strength}.")
        self.strength, self.generator = float(strength), generator

    def __call__(self, attenuation: torch.Tensor) -> torch.Tensor:
        require_attenuation(attenuation, "ElectronicNoise")
        noise = torch.empty_like(attenuation).normal_(generator=self.generator)
        read = torch.exp(-attenuation) + self.strength * noise
        return -torch.log(read.clamp_min(max(0.1 * self.strength, 1e-12)))
