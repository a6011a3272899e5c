"""Motion: the sample slips during the scan, and every edge is seen twice."""

import math
from collections.abc import Sequence

import torch
from monai.transforms import Transform

from synfine_monai.transforms import require_attenuation
from synfine_monai.transforms.corrupt.filters import fourier_filter


class Motion(Transform):
    r"""Let the sample jump in the plane of the slice, once during a scan over 180 degrees.

    A view from direction :math:`\theta` measures the image's frequencies along :math:`\theta` (Fourier slice theorem).
    So the frequencies of the views after the jump, a double wedge, get the phase of a shifted image, and the sum of
    both parts has doubled edges with streaks at their ends. The first view measures along the columns' axis, later ones
    turn anticlockwise.

    Args:
        shift: how far the sample jumps, voxels, >= 0.
        start: share of the scan before the jump, 0 to 1.
        generator: source of randomness of the jump's direction, on the image's device.

    Shapes:
        attenuation (C, [D,] H, W), float -> same shape and dtype; all slices jump alike.

    Raises:
        ValueError: if ``shift`` is negative or ``start`` lies outside 0 to 1.

    Source: the Fourier slice theorem, Kak & Slaney, Principles of Computerized Tomographic Imaging, sec. 3.2.
    """

    def __init__(self, shift: float, start: float = 0.5, generator: torch.Generator | None = None) -> None:
        if shift < 0 or not 0 <= start <= 1:
            raise ValueError(f"shift must not be negative and start lie between 0 and 1, got {shift} and {start}.")
        self.shift, self.start, self.generator = float(shift), float(start), generator

    def __call__(self, attenuation: torch.Tensor) -> torch.Tensor:
        require_attenuation(attenuation, "Motion")
        direction = 2 * math.pi * torch.rand((), generator=self.generator, device=attenuation.device)
        down, right = self.shift * torch.sin(direction), self.shift * torch.cos(direction)

        def transfer(frequencies: Sequence[torch.Tensor]) -> torch.Tensor:
            rows, columns = frequencies
            share = torch.remainder(torch.atan2(-rows, columns), math.pi) / math.pi
            phase = -2 * math.pi * (rows * down + columns * right)
            return torch.polar(torch.ones_like(phase), torch.where(share < self.start, 0.0, phase))

        margin = max(attenuation.shape[-2:]) // 4
        return fourier_filter(attenuation, transfer, margin, planes=True)
