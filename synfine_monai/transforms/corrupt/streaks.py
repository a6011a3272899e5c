"""Streaks: what a reconstruction from too few directions of view leaves of every sharp edge."""

import math

import torch
from monai.transforms import Transform

from synfine_monai.transforms import require_attenuation
from synfine_monai.transforms.corrupt.filters import ramp_kernel


class Streaks(Transform):
    r"""Add the difference between a filtered back-projection from ``views`` directions and one from very many.

    Filtered back-projection is a convolution of the slice with a star: one ray of the ramp kernel :math:`\rho` for
    each view, :math:`h(x) = \frac{\pi}{N} \sum_n \rho(x \cdot n_\theta)`. With very many views the star closes to a
    point. Both are smoothed by a Hann window, as usual. The slice's mean is left out, as the border of an image is no
    edge of the rock.

    Args:
        undersampling: how many times fewer views than the :math:`\frac{\pi}{2} W` over 180 degrees that a slice of
            :math:`W` voxels (its longer side) needs; > 0. At least 2 views are taken.
        generator: not used; here so that every corruption is built alike.

    Shapes:
        attenuation (C, [D,] H, W), float -> same shape and dtype; each slice by itself.

    Raises:
        ValueError: if ``undersampling`` is not positive.

    Source: Kak & Slaney, Principles of Computerized Tomographic Imaging, sec. 3.3 and 5.1.
    """

    def __init__(self, undersampling: float, generator: torch.Generator | None = None) -> None:
        if undersampling <= 0:
            raise ValueError(f"undersampling must be positive, got {undersampling}.")
        self.undersampling = float(undersampling)

    def __call__(self, attenuation: torch.Tensor) -> torch.Tensor:
        require_attenuation(attenuation, "Streaks")
        height, width = attenuation.shape[-2:]
        views = max(2, round(math.pi / 2 * max(height, width) / self.undersampling))
        transfer = torch.fft.rfft2(_star(views, height, width, attenuation.device)).real
        transfer *= _hann(transfer.shape[0], transfer.shape[1], attenuation.device)
        out = attenuation.clone(memory_format=torch.contiguous_format)
        for grey in out.view(-1, height, width):
            detail = (grey - grey.mean()).float()
            cast = torch.fft.irfft2(
                torch.fft.rfft2(detail, s=(2 * height, 2 * width)) * transfer, s=(2 * height, 2 * width)
            )
            grey += cast[:height, :width].to(grey.dtype)
        return out


def _star(views: int, height: int, width: int, device: torch.device) -> torch.Tensor:
    """(2 H, 2 W) point spread of few views less that of many, its middle at index (0, 0), alike in all quadrants."""
    rows = torch.arange(height + 1, dtype=torch.float32, device=device)[:, None]
    columns = torch.arange(width + 1, dtype=torch.float32, device=device)
    quadrant = torch.zeros(height + 1, width + 1, device=device)
    for view in range(views):
        angle = math.pi * view / views
        quadrant += ramp_kernel(rows * math.sin(angle) + columns * math.cos(angle))
    quadrant *= math.pi / views
    quadrant -= _disc(torch.hypot(rows, columns))
    upper = torch.cat([quadrant, quadrant[:, 1:-1].flip(1)], 1)
    return torch.cat([upper, upper[1:-1].flip(0)])


def _hann(rows: int, columns: int, device: torch.device) -> torch.Tensor:
    """(rows, columns) window over the half spectrum: 1 at frequency 0, 0 from the Nyquist frequency on."""
    frequency = torch.hypot(
        torch.fft.fftfreq(rows, device=device)[:, None], torch.linspace(0, 0.5, columns, device=device)
    )
    return torch.cos(math.pi * frequency.clamp_max(0.5)).square()


def _disc(distance: torch.Tensor) -> torch.Tensor:
    """Point spread of very many views: all frequencies up to Nyquist, in every direction."""
    phase = math.pi * distance
    return torch.where(distance > 0, torch.special.bessel_j1(phase) / (2 * distance.clamp_min(1e-6)), math.pi / 4)
