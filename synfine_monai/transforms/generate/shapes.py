"""Basic shapes: each says how far out a point lies, 0 at the shape's centre and 1 on its surface."""

from collections.abc import Callable

import torch

__all__ = ["SHAPES", "box", "ellipsoid", "octahedron"]


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
