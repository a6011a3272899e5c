"""Smooth random fields and Gaussian blur, as small matrix products along each axis: quick on CPU and GPU alike."""

from collections.abc import Sequence

import numpy as np
import torch
from torch.nn import functional

__all__ = ["gaussian_blur", "smooth_noise"]

REACH = 3.0
"""A Gaussian is cut off at this many of its standard deviations."""


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
    spacing = 0.8 if density is None else 0.5
    kernels = [_lattice_kernel(random, count, length, spacing) if count > 1 else np.ones((1, 1)) for count in size]
    nodes = [kernel.shape[1] for kernel in kernels]
    white = random.standard_normal(nodes) if density is None else _specks(random, nodes, density)
    field = torch.as_tensor(white, dtype=torch.float32, device=device)
    for axis, kernel in enumerate(kernels):
        if size[axis] > 1:
            field = _along(field, torch.as_tensor(kernel, dtype=torch.float32, device=device), axis)
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
            place = torch.arange(count, dtype=torch.float32, device=field.device)
            kernel = _gaussian(place[:, None] - place[None, :], sigma)
            field = _along(field, functional.normalize(kernel, p=norm, dim=1), axis)
    return field


def _specks(random: np.random.RandomState, nodes: Sequence[int], density: float) -> np.ndarray:
    return ((random.uniform(size=nodes) < density) - density) / np.sqrt(density * (1 - density))


def _lattice_kernel(random: np.random.RandomState, count: int, length: float, spacing: float) -> np.ndarray:
    """(count, nodes) weights of the lattice's white noise at each voxel, rows of unit Euclidean norm."""
    if length < 0.3:
        return np.eye(count)
    spacing = max(1.0, spacing * length)
    nodes = np.arange(-REACH * length - spacing * random.uniform(), count + REACH * length, spacing)
    kernel = np.exp(-0.5 * ((np.arange(count)[:, None] - nodes) / length) ** 2)
    return kernel / np.linalg.norm(kernel, axis=1, keepdims=True)


def _gaussian(distance: torch.Tensor, sigma: float) -> torch.Tensor:
    return torch.exp(-0.5 * (distance / sigma) ** 2) * (distance.abs() <= max(1.0, REACH * sigma))


def _along(field: torch.Tensor, kernel: torch.Tensor, axis: int) -> torch.Tensor:
    """Apply a (new, old) matrix along one axis of a field."""
    if axis == field.ndim - 1:
        return field @ kernel.T
    if axis == field.ndim - 2:
        return kernel @ field
    return torch.tensordot(kernel, field, dims=([1], [axis])).movedim(0, axis)
