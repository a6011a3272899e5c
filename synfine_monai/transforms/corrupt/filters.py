"""Filters known by their transfer function: blurs and fringes of images, ramps of projections."""

import math
from collections.abc import Callable, Sequence

import torch
from torch.nn.functional import pad


def fourier_filter(
    image: torch.Tensor, transfer: Callable[[Sequence[torch.Tensor]], torch.Tensor], margin: int, planes: bool = False
) -> torch.Tensor:
    """Filter every channel, with the image mirrored beyond its borders.

    Args:
        image: (C, [D,] H, W), float.
        transfer: from the frequencies along each axis, cycles a voxel, shaped to broadcast and the last one the half
            axis of a real transform, to the factor of each.
        margin: voxels that are mirrored on each side.
        planes: filter along H and W only, each slice by itself.

    Returns:
        image's shape and dtype.
    """
    sizes = image.shape[-2:] if planes else image.shape[1:]
    margins = [min(margin, size - 1) for size in sizes]
    padded = pad(image.float(), [side for side in reversed(margins) for _ in range(2)], mode="reflect")
    grid = padded.shape[-len(sizes) :]
    axes = tuple(range(-len(sizes), 0))
    factor = transfer(_frequencies(grid, image.device))
    filtered = torch.fft.irfftn(torch.fft.rfftn(padded, dim=axes) * factor, s=grid, dim=axes)
    inner = (..., *(slice(side, side + size) for side, size in zip(margins, sizes, strict=True)))
    return filtered[inner].to(image.dtype)


def frequency_squared(frequencies: Sequence[torch.Tensor]) -> torch.Tensor:
    """Squared length of the frequency vector."""
    return sum(frequency.square() for frequency in frequencies)


def _frequencies(grid: Sequence[int], device: torch.device) -> list[torch.Tensor]:
    found = [torch.fft.fftfreq(size, device=device) for size in grid[:-1]]
    found.append(torch.fft.rfftfreq(grid[-1], device=device))
    count = len(grid)
    return [one.reshape([-1 if axis == place else 1 for axis in range(count)]) for place, one in enumerate(found)]


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
