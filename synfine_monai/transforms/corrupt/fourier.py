"""Multiply the spectrum of an image: blurs and fringes that are known by their transfer function."""

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
