"""Grey levels of a scan to relative attenuations and back: air is 0, the bulk solid is 1."""

import numpy as np
import torch
from monai.transforms import Transform

from synfine_monai.errors import ScanError

AIR_PERCENTILE = 0.5
"""Darkest grey levels inside the core: open pores, where a rock has any."""
SOLID_PERCENTILE = 75.0
"""In the bulk solid as long as pores fill less than 75 % and dense minerals less than 25 % of the core."""


class GreyToAttenuation(Transform):
    r"""Relative attenuation :math:`(\text{grey} - \text{air}) / (\text{solid} - \text{air})`.

    Args:
        air: grey level of air.
        solid: grey level of the bulk solid, above ``air``.

    Shapes:
        image of any shape and real dtype -> same shape, float32 (float64 stays).

    Raises:
        ValueError: if ``solid`` is not above ``air``.
    """

    def __init__(self, air: float, solid: float) -> None:
        self.air, self.solid = _checked(air, solid)

    def __call__(self, image: torch.Tensor) -> torch.Tensor:
        grey = image if image.dtype == torch.float64 else image.to(torch.float32)
        return (grey - self.air) / (self.solid - self.air)


class AttenuationToGrey(Transform):
    """The way back from ``GreyToAttenuation`` with the same ``air`` and ``solid``, exact to rounding."""

    def __init__(self, air: float, solid: float) -> None:
        self.air, self.solid = _checked(air, solid)

    def __call__(self, attenuation: torch.Tensor) -> torch.Tensor:
        return attenuation * (self.solid - self.air) + self.air


def estimate_air_and_solid(image: np.ndarray, fov: np.ndarray) -> tuple[float, float]:
    """Grey levels of air and bulk solid: the 0.5th and the 75th percentile inside the field of view.

    Nothing outside counts: padding and mount have grey levels of their own. A rock without open pores has no air to
    measure; its darkest phase then stands in for it.

    Args:
        image: grey levels, any shape and real dtype.
        fov: same shape, bool, True inside.

    Raises:
        ScanError: if shapes differ, nothing is inside, a grey level inside is not finite, or both levels are equal.
    """
    if image.shape != fov.shape:
        raise ScanError(f"the image has shape {image.shape}, its field of view {fov.shape}.")
    inside = image[fov]
    if inside.size == 0:
        raise ScanError("the field of view is empty: no grey levels of air and solid can be found.")
    if not np.isfinite(inside).all():
        raise ScanError("the image holds NaN or infinity inside the field of view.")
    air, solid = (float(level) for level in np.percentile(inside, [AIR_PERCENTILE, SOLID_PERCENTILE]))
    if air == solid:
        raise ScanError(f"air and solid have the same grey level {air:g} inside the field of view: is this a rock?")
    return air, solid


def require_attenuation(image: torch.Tensor, who: str) -> None:
    """Refuse what is not (C, [D,] H, W) floating-point attenuations.

    Raises:
        TypeError: if the image holds integers: grey levels are not attenuations.
        ValueError: if it has another number of axes.
    """
    if not image.is_floating_point():
        raise TypeError(f"{who} needs attenuations, got {image.dtype} grey levels (see GreyToAttenuation).")
    if image.ndim not in (3, 4):
        raise ValueError(f"{who} needs (C, H, W) or (C, D, H, W), got shape {tuple(image.shape)}.")


def _checked(air: float, solid: float) -> tuple[float, float]:
    if not solid > air:
        raise ValueError(f"the solid must be brighter than air, got air {air} and solid {solid}.")
    return float(air), float(solid)
