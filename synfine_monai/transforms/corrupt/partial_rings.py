"""Partial rings: detector elements whose gain is wrong during a part of the scan draw arcs about the axis."""

import math

import torch
from monai.transforms import Transform
from torch.nn.functional import grid_sample

from synfine_monai.transforms import require_attenuation
from synfine_monai.transforms.corrupt.filters import filter_projections

GROUPS = 4
"""Elements go wrong in so many groups, each at its own time."""


class PartialRings(Transform):
    r"""Add what filtered back-projection makes of gain errors of the detector's elements.

    Each element :math:`s` reads a line integral that is wrong by :math:`\epsilon(s)`, drawn once, while the views
    :math:`\theta` lie in an arc of the scan over 180 degrees. With :math:`q` the ramp-filtered :math:`\epsilon`, the
    image at :math:`(r, \phi)` is wrong by :math:`\int_{arc} q(r \cos(\phi - \theta))\,d\theta`, which for each
    radius is a convolution over angles. Rings are strongest near the axis, as in real scans.

    Args:
        gain_error: standard deviation of :math:`\epsilon` in attenuation times voxels, >= 0: the relative error of the
            gain over the true attenuation of one voxel of solid. 1 % where a voxel attenuates by 0.5 %: 2.
        arc: part of the scan with the error, degrees, above 0 to 180; 180 gives whole rings.
        generator: source of randomness, on the image's device.
        axis: where the axis of rotation is, as fractions of height and width.

    Shapes:
        attenuation (C, [D,] H, W), float -> same shape and dtype; slices share their rings, as with one detector.

    Raises:
        ValueError: if ``gain_error`` is negative or ``arc`` not in 0 to 180 degrees.

    Source: Kak & Slaney, Principles of Computerized Tomographic Imaging, sec. 3.3, for a sinogram of stripes.
    """

    def __init__(
        self,
        gain_error: float,
        arc: float = 60.0,
        generator: torch.Generator | None = None,
        axis: tuple[float, float] = (0.5, 0.5),
    ) -> None:
        if gain_error < 0 or not 0 < arc <= 180:
            raise ValueError(
                f"gain_error must not be negative and arc lie between 0 and 180 degrees, got {gain_error} and {arc}."
            )
        self.gain_error, self.arc, self.generator, self.axis = float(gain_error), float(arc), generator, axis

    def __call__(self, attenuation: torch.Tensor) -> torch.Tensor:
        require_attenuation(attenuation, "PartialRings")
        height, width = attenuation.shape[-2:]
        draw = {"generator": self.generator, "device": attenuation.device}
        rows = torch.arange(height, device=attenuation.device)[:, None] - self.axis[0] * (height - 1)
        columns = torch.arange(width, device=attenuation.device) - self.axis[1] * (width - 1)
        reach = math.ceil(float(torch.hypot(rows, columns).amax())) + 1
        errors = torch.randn(2 * reach + 1, **draw)
        group = torch.randint(GROUPS, errors.shape, **draw)
        starts = math.pi * torch.rand(GROUPS, **draw)
        arc = math.radians(self.arc)
        rings = sum(
            image_of_gain_errors(errors * (group == one), float(starts[one]), arc, rows, columns)
            for one in range(GROUPS)
        )
        return attenuation + (self.gain_error * rings).to(attenuation.dtype)


def image_of_gain_errors(
    errors: torch.Tensor, start: float, arc: float, rows: torch.Tensor, columns: torch.Tensor
) -> torch.Tensor:
    """Filtered back-projection of a sinogram that holds ``errors`` in the views of an arc and 0 elsewhere.

    Args:
        errors: of line integrals, (2 reach + 1,) elements one voxel apart, the middle one on the axis of rotation.
        start: first view of the arc, radians, 0 to pi; views turn anticlockwise.
        arc: its length, radians, up to pi.
        rows: (H, 1) voxels below the axis, float.
        columns: (W,) voxels right of the axis, float. No voxel is farther from it than ``reach``.

    Returns:
        (H, W) attenuations.
    """
    polar = _arcs(errors, start, arc)
    radii = len(polar)
    polar = torch.cat([polar, polar[:, :1]], 1)
    angle = torch.remainder(torch.atan2(-rows, columns.expand(len(rows), -1)), 2 * math.pi) / (2 * math.pi)
    radius = 2 * torch.hypot(rows, columns) / (radii - 1)
    grid = torch.stack([2 * angle - 1, 2 * radius - 1], -1)[None]
    return grid_sample(polar[None, None], grid, align_corners=True)[0, 0]


def _arcs(errors: torch.Tensor, start: float, arc: float) -> torch.Tensor:
    """The same image on (radii half a voxel apart, angles over the circle)."""
    reach = len(errors) // 2
    views = 2 ** math.ceil(math.log2(4 * reach))
    angles = torch.arange(views, device=errors.device) * (2 * math.pi / views)
    radii = 0.5 * torch.arange(2 * reach, device=errors.device)
    place = radii[:, None] * torch.cos(angles) + reach
    filtered = filter_projections(errors)
    below = place.long().clamp_max(2 * reach - 1)
    spread = torch.lerp(filtered[below], filtered[below + 1], place - below)
    window = (torch.remainder(angles - start, math.pi) < arc) & (angles < math.pi)
    product = torch.fft.rfft(spread) * torch.fft.rfft(window.float())
    return torch.fft.irfft(product, n=views) * (2 * math.pi / views)
