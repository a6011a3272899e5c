"""Phase contrast: refraction at edges adds a dark and a bright fringe to every interface."""

import math
from collections.abc import Sequence

import torch
from monai.transforms import Transform

from synfine_monai.transforms import require_attenuation
from synfine_monai.transforms.corrupt.filters import fourier_filter, frequency_squared


class PhaseContrast(Transform):
    r"""Subtract a multiple of the Laplacian, as free propagation behind the sample does.

    A beam that travels a distance behind the sample is sharpened by the Laplacian of its phase, which commutes with the
    reconstruction: :math:`\mu' = \mu - \alpha \nabla^2 (g_\sigma * \mu)`, where :math:`\alpha` is the distance times
    :math:`\delta / \mu` of the rock and :math:`g_\sigma` the blur of source and detector. With
    :math:`\sigma = 0` a Paganin filter, :math:`1 / (1 + \alpha |2 \pi k|^2)`, undoes it exactly.

    Args:
        fringe: :math:`\alpha` in squared voxels, >= 0. Laboratory scans 0 to 2, synchrotrons up to 100.
        width: :math:`\sigma` in voxels, >= 0.
        generator: not used; here so that every corruption is built alike.

    Shapes:
        attenuation (C, [D,] H, W), float -> same shape and dtype; the mean is kept.

    Raises:
        ValueError: if ``fringe`` or ``width`` is negative.

    Source: Paganin et al., J. Microscopy 206 (2002) 33; Bronnikov, J. Opt. Soc. Am. A 19 (2002) 472.
    """

    def __init__(self, fringe: float, width: float = 1.0, generator: torch.Generator | None = None) -> None:
        if fringe < 0 or width < 0:
            raise ValueError(f"fringe and width must not be negative, got {fringe} and {width}.")
        self.fringe, self.width = float(fringe), float(width)

    def __call__(self, attenuation: torch.Tensor) -> torch.Tensor:
        require_attenuation(attenuation, "PhaseContrast")
        return fourier_filter(attenuation, self._transfer, margin=math.ceil(8 + 4 * self.width))

    def _transfer(self, frequencies: Sequence[torch.Tensor]) -> torch.Tensor:
        squared = (2 * math.pi) ** 2 * frequency_squared(frequencies)
        return 1 + self.fringe * squared * torch.exp(-0.5 * self.width**2 * squared)
