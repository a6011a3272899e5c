"""Bright inclusions: small dense bodies, such as metal or pyrite, and the dark and bright streaks between them."""

import math

import torch
from monai.transforms import Transform
from torch.nn.functional import interpolate

from synfine_monai.transforms import require_attenuation
from synfine_monai.transforms.corrupt.filters import filter_projections

FINE = 256
"""Streaks of slices wider than this are drawn at every second voxel: they are as broad as the inclusions."""


class BrightInclusions(Transform):
    r"""Put dense spheres into the solid, and add the beam hardening of the rays that cross them.

    A ray that crosses inclusions along the path :math:`p = \sum_i 2 \mu \sqrt{R^2 - (s - s_i)^2}` is read as
    :math:`p - b p^2`. The missing :math:`b p^2`, whose mixed terms join pairs of inclusions, is filtered and
    back-projected from all directions.

    Args:
        count: inclusions that 100,000 voxels of a slice show, > 0; at least one a scan.
        radius: :math:`R` in voxels, > 0.
        density: attenuation :math:`\mu` of an inclusion; the bulk solid has 1.
        hardening: :math:`b`, per attenuation and voxel, >= 0.
        generator: source of randomness, on the image's device.

    Shapes:
        attenuation (C, [D,] H, W), float -> same shape and dtype; channels share their inclusions. They are centred on
        voxels above the median of the first channel, so that they replace solid.

    Raises:
        ValueError: if ``count``, ``radius`` or ``density`` is not positive or ``hardening`` negative.

    Source: De Man et al., IEEE Trans. Nucl. Sci. 46 (1999) 691, on the causes of metal streaks.
    """

    def __init__(
        self,
        count: float,
        radius: float = 3.0,
        density: float = 5.0,
        hardening: float = 0.01,
        generator: torch.Generator | None = None,
    ) -> None:
        if min(count, radius, density) <= 0 or hardening < 0:
            raise ValueError(
                "count, radius and density must be positive and hardening not negative, "
                f"got {count}, {radius}, {density} and {hardening}."
            )
        self.count, self.radius, self.density = float(count), float(radius), float(density)
        self.hardening, self.generator = float(hardening), generator

    def __call__(self, attenuation: torch.Tensor) -> torch.Tensor:
        require_attenuation(attenuation, "BrightInclusions")
        slices = attenuation.reshape(attenuation.shape[0], -1, *attenuation.shape[-2:])
        out = slices.clone()
        centres = self._centres(slices[0])
        for z in range(slices.shape[1]):
            depth = centres[:, 0] - z
            cut = centres[depth.abs() < self.radius]
            if len(cut):
                radii = (self.radius**2 - (cut[:, 0] - z).square()).sqrt()
                self._place(out[:, z], cut[:, 1:], radii)
        return out.reshape(attenuation.shape)

    def _centres(self, volume: torch.Tensor) -> torch.Tensor:
        """(inclusions, 3) z, y, x in voxels."""
        depth, height, width = volume.shape
        thickness = max(1.0, depth / (2 * self.radius))
        number = max(1, round(self.count * height * width / 1e5 * thickness))
        solid = (volume > volume.median()).nonzero()
        if not len(solid):
            solid = torch.ones_like(volume).nonzero()
        drawn = torch.rand(number, generator=self.generator, device=volume.device)
        return solid[(drawn * len(solid)).long().clamp_max(len(solid) - 1)].float()

    def _place(self, plane: torch.Tensor, centres: torch.Tensor, radii: torch.Tensor) -> None:
        """Change (C, H, W) attenuations of one slice, whose inclusions have (n, 2) centres and (n,) radii."""
        height, width = plane.shape[-2:]
        rows = torch.arange(height, device=plane.device, dtype=torch.float32)
        columns = torch.arange(width, device=plane.device, dtype=torch.float32)
        for (y, x), radius in zip(centres, radii, strict=True):
            distance = torch.hypot(rows[:, None] - y, columns - x)
            cover = (radius + 0.5 - distance).clamp(0, 1).to(plane.dtype)
            plane.copy_(torch.lerp(plane, plane.clamp_min(self.density), cover))
        if self.hardening:
            plane -= (self.hardening * self._missing(height, width, centres, radii)).to(plane.dtype)

    def _missing(self, height: int, width: int, centres: torch.Tensor, radii: torch.Tensor) -> torch.Tensor:
        """(H, W) filtered back-projection of the squared paths through the inclusions."""
        step = 1 if max(height, width) <= FINE else 2
        rows = torch.arange(0, height, step, device=centres.device) + (step - 1 - height) / 2
        columns = torch.arange(0, width, step, device=centres.device) + (step - 1 - width) / 2
        middle = torch.tensor([height / 2, width / 2], device=centres.device)
        reach = math.ceil(math.hypot(height, width) / 2) + 2
        elements = torch.arange(-reach, reach + 1, device=centres.device)
        views = round(math.pi / 2 * max(height, width) / step)
        missing = torch.zeros(len(rows), len(columns), device=centres.device)
        for angle in (math.pi * view / views for view in range(views)):
            sine, cosine = math.sin(angle), math.cos(angle)
            offsets = (centres + 0.5 - middle) @ torch.tensor([sine, cosine], device=centres.device)
            chords = 2 * (radii.square()[:, None] - (elements - offsets[:, None]).square()).clamp_min(0).sqrt()
            filtered = filter_projections((self.density * chords).sum(0).square())
            place = (rows + 0.5)[:, None] * sine + (columns + 0.5) * cosine + reach
            below = place.long()
            missing += torch.lerp(filtered[below], filtered[below + 1], place - below)
        missing *= math.pi / views
        return interpolate(missing[None, None], scale_factor=float(step), mode="bilinear")[0, 0, :height, :width]
