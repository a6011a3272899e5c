"""Beam hardening: soft X-rays are lost first, so that long paths look too transparent and a core is dark inside."""

import torch
from monai.transforms import Transform

from synfine_monai.transforms import require_attenuation


class BeamHardening(Transform):
    r"""Darken a core towards its axis, as a polynomial attenuation law does.

    A beam of many energies shows the path :math:`p` as :math:`p - b p^2`. Through a cylinder of radius :math:`R` and
    attenuation :math:`\mu` the path is the chord :math:`p(s) = 2 \mu \sqrt{R^2 - s^2}`, and the image whose projections
    are :math:`p^2 = 4 \mu^2 (R^2 - s^2)` is :math:`\frac{8}{\pi} \mu^2 \sqrt{R^2 - r^2}`. Hence

    .. math:: \mu'(r) = \mu \left(1 - c \sqrt{1 - r^2 / R^2}\right), \qquad c = \tfrac{8}{\pi} b \mu R

    Every voxel is darkened by that factor, whatever it holds. The grey level at the rim is kept.

    Args:
        cupping: :math:`c`, share of the attenuation that is missing on the axis, 0 to 1. Uncorrected laboratory
            scans of rock: 0.05 to 0.3.
        generator: not used; here so that every corruption is built alike.
        axis: where the axis of rotation is, as fractions of height and width.

    Shapes:
        attenuation (C, [D,] H, W), float -> same shape and dtype. ``inside`` (D, H, W) or (H, W), bool: the core, whose
        farthest voxel from the axis is :math:`R`; without it :math:`R` is half the shorter side.

    Raises:
        ValueError: if ``cupping`` lies outside 0 to 1.

    Source: the polynomial is Herman, Phys. Med. Biol. 24 (1979) 81; its image in a cylinder is an Abel transform.
    """

    sees_core = True

    def __init__(
        self, cupping: float, generator: torch.Generator | None = None, axis: tuple[float, float] = (0.5, 0.5)
    ) -> None:
        if not 0 <= cupping <= 1:
            raise ValueError(f"cupping must lie between 0 and 1, got {cupping}.")
        self.cupping, self.axis = float(cupping), axis

    def __call__(self, attenuation: torch.Tensor, inside: torch.Tensor | None = None) -> torch.Tensor:
        require_attenuation(attenuation, "BeamHardening")
        height, width = attenuation.shape[-2:]
        like = {"dtype": attenuation.dtype, "device": attenuation.device}
        rows = torch.arange(height, **like)[:, None] - self.axis[0] * (height - 1)
        columns = torch.arange(width, **like) - self.axis[1] * (width - 1)
        squared = rows.square() + columns.square()
        if inside is None:
            radius_squared = torch.tensor((min(height, width) / 2) ** 2, **like)
        else:
            radius_squared = squared[inside.reshape(-1, height, width).any(0)].amax().clamp_min(1.0)
        chord = (1 - squared / radius_squared).clamp_min(0).sqrt()
        return attenuation * (1 - self.cupping * chord)
