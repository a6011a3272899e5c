"""What the parts of a rock draw: numbers from ranges, and smooth random fields."""

from collections.abc import Sequence

import numpy as np
import torch
from torch.nn import functional

REACH = 3.0
"""The lattice reaches this many kernel lengths beyond the field."""
WHITE = 0.3
"""A kernel shorter than this leaves white noise as it is."""
Range = float | Sequence[float]


def smooth_noise(
    random: np.random.RandomState,
    size: Sequence[int],
    length: float,
    device: torch.device | str = "cpu",
    density: float | None = None,
) -> torch.Tensor:
    r"""Random field: zero mean, unit variance at every voxel, smooth over ``length``.

    White noise on a lattice as coarse as ``length`` is spread by a Gaussian kernel along each axis, so that the cost
    falls as the noise gets smoother. The covariance is :math:`e^{-r^2 / 4 l^2}`, at the borders as well.

    Args:
        random: numpy source of randomness: the same field on every device.
        size: voxels along each axis. An axis of one voxel is a plane section of the field.
        length: standard deviation :math:`l` of the kernel in voxels, >= 0; 0 is white noise.
        device: where the field is made.
        density: None for normal noise; else the share, between 0 and 1, of lattice points that hold a speck. Rare
            specks give lone patches, a share of 0.5 comes close to normal noise.

    Returns:
        ``size``, float32.
    """
    spacing = max(1.0, (0.8 if density is None else 0.5) * length)
    reach = REACH * length
    starts = [-reach - spacing * random.uniform() for _ in size]
    nodes = [int((count + reach - start) / spacing) + 1 for count, start in zip(size, starts, strict=True)]
    nodes = [number if count > 1 else 1 for number, count in zip(nodes, size, strict=True)]
    if length < WHITE:
        nodes = list(size)
    white = random.standard_normal(nodes) if density is None else _specks(random, nodes, density)
    field = torch.as_tensor(white, dtype=torch.float32, device=device)
    for axis, count in enumerate(size if length >= WHITE else ()):
        if count > 1:
            places = starts[axis] + spacing * torch.arange(nodes[axis], dtype=torch.float32, device=device)
            distance = torch.arange(count, dtype=torch.float32, device=device)[:, None] - places
            field = _along(field, functional.normalize(_gaussian(distance, length), dim=1), axis)
    return field


def gaussian_blur(field: torch.Tensor, sigma: float, norm: int = 1) -> torch.Tensor:
    """Blur a (D, H, W) float field by ``sigma`` voxels along each axis; borders use what lies inside.

    Weights sum to 1 with ``norm`` 1, which keeps the mean; their squares do with ``norm`` 2, which keeps the variance
    of white noise.
    """
    if sigma <= 0:
        return field
    for axis, count in enumerate(field.shape):
        if count > 1:
            field = _along(field, functional.normalize(_toeplitz(count, sigma, field.device), p=norm, dim=1), axis)
    return field


def _specks(random: np.random.RandomState, nodes: Sequence[int], density: float) -> np.ndarray:
    return ((random.uniform(size=nodes) < density) - density) / np.sqrt(density * (1 - density))


def _toeplitz(count: int, sigma: float, device: torch.device) -> torch.Tensor:
    """(count, count) Gaussian weights of each voxel for each other."""
    distance = torch.arange(1 - count, count, dtype=torch.float32, device=device)
    return _gaussian(distance, sigma).unfold(0, count, 1).flip(0)


def _gaussian(distance: torch.Tensor, sigma: float) -> torch.Tensor:
    """Gaussian weights with a floor of 1e-13: denormals in the far tails make products ten times slower."""
    return (distance / sigma).square_().mul_(-0.5).clamp_min_(-30.0).exp_()


def _along(field: torch.Tensor, kernel: torch.Tensor, axis: int) -> torch.Tensor:
    """Apply a (new, old) matrix along one axis of a field."""
    if axis == field.ndim - 1:
        return field @ kernel.T
    if axis == field.ndim - 2:
        return kernel @ field
    return torch.tensordot(kernel, field, dims=([1], [axis])).movedim(0, axis)


def _ends(value: Range) -> tuple[float, float]:
    if isinstance(value, int | float):
        return float(value), float(value)
    low, high = (float(end) for end in value)
    if low > high:
        raise ValueError(f"the range [{low}, {high}] runs backwards.")
    return low, high


def uniform(random: np.random.RandomState, value: Range) -> float:
    """Draw evenly between the ends; for fractions, grey levels and shares."""
    low, high = _ends(value)
    return low + (high - low) * random.uniform()


def log_uniform(random: np.random.RandomState, value: Range) -> float:
    """Draw evenly between the logarithms of the ends, both > 0; for lengths and strengths."""
    low, high = _ends(value)
    if low <= 0:
        raise ValueError(f"the range [{low}, {high}] must be positive.")
    return low * (high / low) ** random.uniform()
