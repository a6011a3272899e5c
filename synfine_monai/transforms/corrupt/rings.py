"""Rings: each detector element's gain error becomes a circle about the axis of rotation."""

import torch
from monai.transforms import Transform


class Rings(Transform):
    """Add circles about the axis of rotation.

    Args:
        strength: standard deviation of the rings, in units of attenuation, >= 0.
        generator: source of randomness, on the image's device.
        axis: where the axis of rotation is, as fractions of height and width; None: at random in or around the image.

    Shapes:
        attenuation (C, [D,] H, W), float -> same shape and dtype; slices share their rings, as with one detector.

    Raises:
        ValueError: if ``strength`` is negative.
    """

    def __init__(
        self, strength: float, generator: torch.Generator | None = None, axis: tuple[float, float] | None = None
    ) -> None:
        if strength < 0:
            raise ValueError(f"strength must not be negative, got {strength}.")
        self.strength, self.generator, self.axis = float(strength), generator, axis

    def __call__(self, attenuation: torch.Tensor) -> torch.Tensor:
        height, width = attenuation.shape[-2:]
        draw = {"generator": self.generator, "device": attenuation.device}
        y, x = self.axis or (2 * torch.rand(2, **draw) - 0.5).unbind()
        rows = torch.arange(height, device=attenuation.device)[:, None] - y * height
        columns = torch.arange(width, device=attenuation.device)[None, :] - x * width
        element = torch.hypot(rows, columns).long()
        errors = self.strength * torch.randn(4 * (height + width), **draw)
        return attenuation + errors[element].to(attenuation.dtype)
