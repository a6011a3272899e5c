"""Photon (shot) noise of an X-ray detector, in the image domain."""

import torch
from monai.transforms import Transform


class PhotonNoise(Transform):
    r"""Replace each voxel by what a detector that counts photons would have seen.

    An attenuation :math:`\mu` lets :math:`I = I_0 e^{-\mu}` photons through, of which a Poisson-distributed number
    is counted; the image is :math:`-\ln(\text{counts} / I_0)`.

    Args:
        photons: mean count :math:`I_0` of an unattenuated ray, > 0. Laboratory scanners: 5e3 to 5e4.
        generator: source of randomness, on the image's device; the same state gives the same image.

    Shapes:
        attenuation (C, [D,] H, W), float, dimensionless, usually 0 to 3 -> same shape and dtype.

    Raises:
        ValueError: if ``photons`` is not positive.
        TypeError: if the image holds integers: grey levels are not attenuations.

    Source: Kak & Slaney, Principles of Computerized Tomographic Imaging, sec. 4.1.
    """

    def __init__(self, photons: float, generator: torch.Generator | None = None) -> None:
        if photons <= 0:
            raise ValueError(f"photons must be positive, got {photons}.")
        self.photons = float(photons)
        self.generator = generator

    def __call__(self, attenuation: torch.Tensor) -> torch.Tensor:
        if not attenuation.is_floating_point():
            raise TypeError(f"PhotonNoise needs attenuations, got {attenuation.dtype} grey levels.")
        expected = self.photons * torch.exp(-attenuation)
        counts = torch.poisson(expected, generator=self.generator).clamp_min(1.0)
        return -torch.log(counts / self.photons)
