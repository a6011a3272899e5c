"""Basic shapes, each by how far out a point lies (0 in its centre, 1 on its surface), and bodies strewn over space."""

from collections.abc import Callable, Sequence

import numpy as np
import torch
from scipy.spatial.transform import Rotation

VOLUME = {"ellipsoid": 4.19, "box": 8.0, "octahedron": 3.16}
"""Volume of each shape of radius 1."""
REACH = {"ellipsoid": 1.0, "box": 1.74, "octahedron": 1.34}
"""Farthest point of each shape of radius 1 from its centre."""


def ellipsoid(offset: torch.Tensor, axis: int) -> torch.Tensor:
    """Euclidean norm of the offset in the shape's own stretched and turned frame, components along ``axis``."""
    return offset.square().sum(axis).sqrt()


def box(offset: torch.Tensor, axis: int) -> torch.Tensor:
    """Largest component: flat faces, square corners."""
    return offset.abs().amax(axis)


def octahedron(offset: torch.Tensor, axis: int) -> torch.Tensor:
    """Sum of components: eight oblique faces, as of a worn crystal."""
    return 0.75 * offset.abs().sum(axis)


SHAPES: dict[str, Callable[[torch.Tensor, int], torch.Tensor]] = {
    "ellipsoid": ellipsoid,
    "box": box,
    "octahedron": octahedron,
}


def random_frames(random: np.random.RandomState, count: int, radius: tuple[float, float], stretch: float) -> np.ndarray:
    """Random turns, radii and stretches that keep the volume.

    Args:
        random: numpy source of randomness.
        count: how many.
        radius: smallest and largest radius, spread evenly.
        stretch: largest ratio of longest to shortest axis, >= 1.

    Returns:
        (count, 3, 3) matrices that take an offset into a shape's own frame, where its surface has radius 1.
    """
    turns = Rotation.from_quat(random.standard_normal((count, 4))).as_matrix() if count else np.empty((0, 3, 3))
    aspect = np.exp(np.log(stretch) * random.uniform(-0.5, 0.5, (count, 3)))
    radii = random.uniform(*radius, (count, 1)) * aspect / aspect.prod(1, keepdims=True) ** (1 / 3)
    return turns / radii[:, :, None]


def scatter_bodies(
    random: np.random.RandomState,
    size: Sequence[int],
    radius: tuple[float, float],
    fraction: float,
    shape: str = "ellipsoid",
    stretch: float = 1.0,
    device: torch.device | str = "cpu",
) -> torch.Tensor:
    """Mask of bodies that lie at random (a Boolean model, so they may overlap).

    Args:
        random: numpy source of randomness.
        size: (D, H, W) voxels. D = 1 is a plane section through bodies that are round in depth as well.
        radius: smallest and largest radius in voxels of a sphere of a body's volume; radii are spread evenly.
        fraction: share of the volume that bodies fill, 0 up to 1, on average.
        shape: a name in ``SHAPES``.
        stretch: largest ratio of a body's longest to shortest axis, >= 1.

    Returns:
        (D, H, W) bool.

    Source: Chiu et al., Stochastic Geometry and its Applications, ch. 3, for the share that overlapping bodies fill.
    """
    low, high = radius
    half = int(np.ceil(high * REACH[shape] * stretch ** (2 / 3)))  # one axis long, the other two short
    room = np.array([count + 2 * half for count in size])
    mean_volume = VOLUME[shape] * (low + high) * (low**2 + high**2) / 4
    number = random.poisson(-np.log1p(-fraction) / mean_volume * room.prod())
    centres = random.uniform(size=(number, 3)) * room - half
    frames = random_frames(random, number, radius, stretch)
    near = _near_voxels(size, half)
    first = np.where(np.array(size) > 1, np.floor(centres).astype(int), 0)

    as_tensor = lambda array: torch.as_tensor(array, dtype=torch.float32, device=device)  # noqa: E731
    start = np.einsum("nij,nj->ni", frames, first - centres)
    offset = as_tensor(frames).reshape(-1, 3) @ as_tensor(near.T)
    offset = offset.view(number, 3, len(near)) + as_tensor(start)[:, :, None]
    body, place = (SHAPES[shape](offset, 1) < 1).nonzero(as_tuple=True)
    voxels = torch.as_tensor(first, device=device)[body] + torch.as_tensor(near, device=device)[place]
    limits = torch.tensor(size, device=device)
    voxels = voxels[((voxels >= 0) & (voxels < limits)).all(1)]
    mask = torch.zeros(tuple(size), dtype=torch.bool, device=device)
    mask[tuple(voxels.T)] = True
    return mask


def _near_voxels(size: Sequence[int], half: int) -> np.ndarray:
    """(P, 3) steps from a body's first voxel to all that it may reach; none along an axis of one voxel."""
    steps = [np.arange(-half, half + 2) if count > 1 else np.zeros(1, int) for count in size]
    return np.stack(np.meshgrid(*steps, indexing="ij"), axis=-1).reshape(-1, 3)
