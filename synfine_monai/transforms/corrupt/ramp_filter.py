"""The ramp filter of filtered back-projection: what one reading of the detector becomes across its ray."""

import math

import torch

__all__ = ["filter_projections", "ramp_kernel", "smooth_ramp_kernel"]


def ramp_kernel(distance: torch.Tensor) -> torch.Tensor:
    """Ramp filter up to the Nyquist frequency, at any distance in voxels (Ram and Lakshminarayanan); 1/4 at 0."""
    return 0.5 * torch.sinc(distance) - 0.25 * torch.sinc(distance / 2).square()


def smooth_ramp_kernel(distance: torch.Tensor) -> torch.Tensor:
    """The same with a Hann window, scaled to 1 at 0: a dark dip on each side of a line, and no ringing beyond."""
    sides = ramp_kernel(distance - 1) + ramp_kernel(distance + 1)
    return (0.5 * ramp_kernel(distance) + 0.25 * sides) / (1 / 8 - 1 / (2 * math.pi**2))


def filter_projections(projections: torch.Tensor) -> torch.Tensor:
    """Convolve projections (..., elements), one voxel apart and zero beyond their ends, with ``ramp_kernel``."""
    count = projections.shape[-1]
    distance = torch.arange(2 * count, dtype=projections.dtype, device=projections.device)
    kernel = ramp_kernel(torch.minimum(distance, 2 * count - distance))
    spectrum = torch.fft.rfft(projections, n=2 * count) * torch.fft.rfft(kernel).real
    return torch.fft.irfft(spectrum, n=2 * count)[..., :count]
