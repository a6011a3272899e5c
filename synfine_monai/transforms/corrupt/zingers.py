"""Zingers: single detector readings far too high, each of which draws a line through the reconstruction."""

import math

import torch
from monai.transforms import Transform

from synfine_monai.transforms import require_attenuation
from synfine_monai.transforms.corrupt.filters import smooth_ramp_kernel

REACH = 8
"""Voxels beside a line after which the ramp filter's fringe is below 1 % of the line."""


class Zingers(Transform):
    r"""Draw dark lines with bright fringes at random.

    A stray photon or cosmic ray that hits the detector in one view makes its ray look too transparent. Filtered
    back-projection smears the ramp kernel :math:`\rho` (with a Hann window) of that one reading along the ray:
    :math:`\mu'(x) = \mu(x) - a \rho(x \cdot n_\theta - s) / \rho(0)`.

    Args:
        count: lines in each slice for every 1000 voxels of its longer side, >= 0.
        strength: mean depth :math:`a` of a line in units of attenuation, >= 0; depths vary exponentially.
        generator: source of randomness, on the image's device.

    Shapes:
        attenuation (C, [D,] H, W), float -> same shape and dtype; channels share their lines, slices do not.

    Raises:
        ValueError: if ``count`` or ``strength`` is negative.

    Source: Kak & Slaney, Principles of Computerized Tomographic Imaging, sec. 3.3.
    """

    def __init__(self, count: float, strength: float, generator: torch.Generator | None = None) -> None:
        if count < 0 or strength < 0:
            raise ValueError(f"count and strength must not be negative, got {count} and {strength}.")
        self.count, self.strength, self.generator = float(count), float(strength), generator

    def __call__(self, attenuation: torch.Tensor) -> torch.Tensor:
        require_attenuation(attenuation, "Zingers")
        slices = attenuation.reshape(attenuation.shape[0], -1, *attenuation.shape[-2:])
        height, width = slices.shape[-2:]
        lines = torch.stack([self._lines(height, width, attenuation.device) for _ in range(slices.shape[1])])
        return (slices - self.strength * lines.to(slices.dtype)).reshape(attenuation.shape)

    def _lines(self, height: int, width: int, device: torch.device) -> torch.Tensor:
        """(H, W) sum of lines; one random row each, so that more lines keep the first ones' places."""
        count = round(self.count * max(height, width) / 1000)
        drawn = torch.rand(count, 4, generator=self.generator, device=device)
        angles, depths = math.pi * drawn[:, 0], -torch.log1p(-drawn[:, 1])
        centre_y, centre_x = height * drawn[:, 2], width * drawn[:, 3]
        sine, cosine = torch.sin(angles), torch.cos(angles)
        offset = centre_y * sine + centre_x * cosine
        steep = cosine.abs() >= sine.abs()
        lines = torch.zeros(height, width, device=device)
        _draw(lines, offset[steep], sine[steep], cosine[steep], depths[steep])
        _draw(lines.T, offset[~steep], cosine[~steep], sine[~steep], depths[~steep])
        return lines


def _draw(
    image: torch.Tensor, offset: torch.Tensor, along: torch.Tensor, across: torch.Tensor, depths: torch.Tensor
) -> None:
    """Add lines that cross every row of ``image``, where ``row * along + column * across = offset``."""
    height, width = image.shape
    rows = torch.arange(height, device=image.device)[None, :, None]
    near = torch.arange(-2 * REACH, 2 * REACH + 1, device=image.device)
    offset, along, across = (one[:, None, None] for one in (offset, along, across))
    columns = ((offset - rows * along) / across).round().long() + near
    values = depths[:, None, None] * smooth_ramp_kernel(rows * along + columns * across - offset)
    seen = (columns >= 0) & (columns < width)
    image.index_put_((rows.expand_as(columns)[seen], columns[seen]), values[seen], accumulate=True)
