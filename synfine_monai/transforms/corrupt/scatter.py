"""Scatter and scintillator glare: each detector element also sees some of the light of its wide neighbourhood."""

import math
from collections.abc import Sequence

import torch
from monai.transforms import Transform

from synfine_monai.transforms import require_attenuation
from synfine_monai.transforms.corrupt.filters import fourier_filter, frequency_squared


class Scatter(Transform):
    r"""Blur by a point spread with a narrow Gaussian core and a long tail.

    A share :math:`w` of the signal lies in a tail whose line spread is :math:`e^{-|s| / \lambda} / 2 \lambda`, the rest
    in a Gaussian of standard deviation :math:`\sigma`. By the Fourier slice theorem a blur of all projections is the
    same blur of the image, with transfer function

    .. math:: M(k) = (1 - w) e^{-2 \pi^2 \sigma^2 k^2} + \frac{w}{1 + (2 \pi \lambda k)^2}

    It is applied to attenuations, which holds as long as the scattered share is small.

    Args:
        share: :math:`w`, 0 to 1. Scintillators 0.05 to 0.3.
        reach: :math:`\lambda` in voxels, > 0.
        core: :math:`\sigma` in voxels, >= 0.
        generator: not used; here so that every corruption is built alike.

    Shapes:
        attenuation (C, [D,] H, W), float -> same shape and dtype; the mean is all but kept.

    Raises:
        ValueError: if ``share`` lies outside 0 to 1, ``reach`` is not positive or ``core`` is negative.

    Source: Swank, J. Appl. Phys. 44 (1973) 4199, on the light spread of phosphor screens.
    """

    def __init__(self, share: float, reach: float, core: float = 0.0, generator: torch.Generator | None = None) -> None:
        if not 0 <= share <= 1 or reach <= 0 or core < 0:
            raise ValueError(
                "share must lie between 0 and 1, reach be positive and core not negative, "
                f"got {share}, {reach} and {core}."
            )
        self.share, self.reach, self.core = float(share), float(reach), float(core)

    def __call__(self, attenuation: torch.Tensor) -> torch.Tensor:
        require_attenuation(attenuation, "Scatter")
        return fourier_filter(attenuation, self._transfer, margin=math.ceil(4 * max(self.reach, self.core)))

    def _transfer(self, frequencies: Sequence[torch.Tensor]) -> torch.Tensor:
        squared = (2 * math.pi) ** 2 * frequency_squared(frequencies)
        tail = self.share / (1 + self.reach**2 * squared)
        return (1 - self.share) * torch.exp(-0.5 * self.core**2 * squared) + tail
