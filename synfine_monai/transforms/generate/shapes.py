"""Basic shapes: each says how far out a point lies, 0 at the shape's centre and 1 on its surface."""

from collections.abc import Callable

import numpy as np
import torch
from scipy.spatial.transform import Rotation

__all__ = ["SHAPES", "box", "ellipsoid", "octahedron", "random_frames"]


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
