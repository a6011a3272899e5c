"""Coarser voxels: the same rock as a scanner with larger voxels would show it, on the grid of the finer scan."""

import torch
from monai.transforms import Transform
from torch.nn.functional import interpolate

from synfine_monai.transforms import require_attenuation


class CoarserVoxels(Transform):
    """Average over larger voxels, then interpolate linearly back to the grid that the labels are on.

    Args:
        factor: how many times larger a voxel becomes along each axis, >= 1; need not be whole.
        generator: not used; here so that every corruption is built alike.

    Shapes:
        attenuation (C, [D,] H, W), float -> same shape and dtype. An axis never shrinks below one voxel.

    Raises:
        ValueError: if ``factor`` is below 1.
    """

    def __init__(self, factor: float, generator: torch.Generator | None = None) -> None:
        if factor < 1:
            raise ValueError(f"factor must be 1 or more, got {factor}.")
        self.factor = float(factor)

    def __call__(self, attenuation: torch.Tensor) -> torch.Tensor:
        require_attenuation(attenuation, "CoarserVoxels")
        size = attenuation.shape[1:]
        coarse = interpolate(
            attenuation[None], size=[max(1, round(count / self.factor)) for count in size], mode="area"
        )
        return interpolate(coarse, size=size, mode="bilinear" if len(size) == 2 else "trilinear")[0]
