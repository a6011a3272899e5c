"""Low contrast: phases come closer to each other in grey level, and the scanner's noise does not shrink with them."""

import torch
from monai.transforms import Transform

from synfine_monai.transforms import require_attenuation


class LowContrast(Transform):
    """Pull attenuations towards their mean, as a too hard beam does, and add noise that stays.

    Without noise this is a change of scale, which every normalisation undoes.

    Args:
        contrast: share of the contrast that is left, 0 to 1.
        noise: standard deviation of normal noise in units of attenuation, >= 0.
        generator: source of randomness, on the image's device.

    Shapes:
        attenuation (C, [D,] H, W), float -> same shape and dtype; each channel has its own mean.

    Raises:
        ValueError: if ``contrast`` lies outside 0 to 1 or ``noise`` is negative.
    """

    def __init__(self, contrast: float, noise: float = 0.0, generator: torch.Generator | None = None) -> None:
        if not 0 <= contrast <= 1 or noise < 0:
            raise ValueError(
                f"contrast must lie between 0 and 1 and noise not be negative, got {contrast} and {noise}."
            )
        self.contrast, self.noise, self.generator = float(contrast), float(noise), generator

    def __call__(self, attenuation: torch.Tensor) -> torch.Tensor:
        require_attenuation(attenuation, "LowContrast")
        mean = attenuation.mean(tuple(range(1, attenuation.ndim)), keepdim=True)
        noise = torch.empty_like(attenuation).normal_(generator=self.generator)
        return mean + self.contrast * (attenuation - mean) + self.noise * noise
