"""Space tiled with basic shapes, each stretched, scaled, turned and moved on its own, blended by maximum intensity."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch.nn import functional

from synfine_monai.transforms.generate.shapes import SHAPES, random_frames

NEIGHBOURS = np.stack(np.meshgrid([0, 1, 2], [0, 1, 2], [0, 1, 2], indexing="ij"), axis=-1).reshape(27, 3)
OUTSIDE = -1e3


@dataclass(frozen=True)
class TiledShapes:
    """Fields (D, H, W) of a tiling.

    Attributes:
        best: intensity of the strongest shape, 1 in its centre, 0 on its surface, negative outside all; float32.
        second: intensity of the second strongest; ``best - second`` is 0 on the faces of the (Voronoi-like) polyhedra
            into which the shapes divide space; float32.
        tone: a standard normal number for each shape, at the voxels that it owns; float32.
    """

    best: torch.Tensor
    second: torch.Tensor
    tone: torch.Tensor


def tile_shapes(
    random: np.random.RandomState,
    size: Sequence[int],
    cell: float,
    shape: str = "ellipsoid",
    scale: tuple[float, float] = (0.6, 0.8),
    stretch: float = 1.5,
    jitter: float = 0.8,
    step: int = 1,
    device: torch.device | str = "cpu",
) -> TiledShapes:
    """One shape in each cell of a lattice; at each voxel those of the 27 cells around it compete.

    Args:
        random: numpy source of randomness.
        size: (D, H, W) voxels. D = 1 is a plane section through shapes that are round in depth as well.
        cell: edge of a lattice cell in voxels, >= 2.
        shape: a name in ``SHAPES``.
        scale: smallest and largest radius in cells; above 1 a shape may be cut off at the neighbours' far side.
        stretch: largest ratio of a shape's longest to shortest axis, >= 1.
        jitter: how far a shape may sit from the middle of its cell, 0 (a regular packing) to 1 (anywhere in it).
        step: voxels between the points where shapes are evaluated; fields are interpolated between them.

    Source: SynFine (ICPRAM 2023), sec. 4.1, tiled shapes blended by maximum intensity; Worley (1996) for the lattice.
    """
    coarse = [-(-count // step) for count in size]
    edge = max(2, round(cell / step))
    points = [min(edge, count) for count in coarse]
    blocks = [-(-count // edge) for count in coarse]
    best, second, tone = (
        _upsample(_assemble(values, blocks, points, coarse), step, size)
        for values in _compete(random, blocks, points, edge, SHAPES[shape], scale, stretch, jitter, device)
    )
    return TiledShapes(best, second, tone)


def _compete(
    random: np.random.RandomState,
    blocks: Sequence[int],
    points: Sequence[int],
    edge: int,
    shape: Callable[[torch.Tensor, int], torch.Tensor],
    scale: tuple[float, float],
    stretch: float,
    jitter: float,
    device: torch.device | str,
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Best and second intensity and the winner's tone, each (blocks, P), at the points of all blocks."""
    lattice = [count + 2 for count in blocks]
    total = int(np.prod(lattice))
    frames = random_frames(random, total, scale, stretch)
    centres = 0.5 + jitter * random.uniform(-0.5, 0.5, (total, 3))
    tones = random.standard_normal(total)

    grid = np.stack(np.meshgrid(*(np.arange(count) for count in blocks), indexing="ij"), axis=-1).reshape(-1, 3)
    owners = np.ravel_multi_index(tuple((grid[:, None] + NEIGHBOURS).transpose(2, 0, 1)), lattice)
    forms = _affine_forms(frames[owners], centres[owners] + (NEIGHBOURS - 1))
    features = _point_features(random, points, edge)

    as_tensor = lambda array: torch.as_tensor(array, dtype=torch.float32, device=device)  # noqa: E731
    offset = (as_tensor(forms).reshape(-1, 4) @ as_tensor(features)).view(len(grid), 27, 3, -1)
    intensity = 1.0 - shape(offset, 2)
    best, winner = intensity.max(dim=1)
    second = intensity.scatter_(1, winner[:, None], OUTSIDE).amax(dim=1)
    return best, second, as_tensor(tones[owners]).gather(1, winner)


def _affine_forms(frames: np.ndarray, centres: np.ndarray) -> np.ndarray:
    """(…, 3, 4) so that form @ (z, y, x, 1) is the offset from the centre in the shape's frame."""
    return np.concatenate([frames, -np.einsum("...ij,...j->...i", frames, centres)[..., None]], axis=-1)


def _point_features(random: np.random.RandomState, points: Sequence[int], edge: int) -> np.ndarray:
    """(4, P) coordinates (z, y, x, 1) in cells of a block's points; a thinner block sits at random in its cell."""
    axes = [(np.arange(count) + random.uniform() * (edge - count + 1)) / edge for count in points]
    grid = np.stack(np.meshgrid(*axes, indexing="ij")).reshape(3, -1)
    return np.concatenate([grid, np.ones((1, grid.shape[1]))])


def _assemble(
    values: torch.Tensor, blocks: Sequence[int], points: Sequence[int], coarse: Sequence[int]
) -> torch.Tensor:
    """(blocks, P) -> (d, h, w) of the coarse grid."""
    volume = values.view(*blocks, *points).permute(0, 3, 1, 4, 2, 5)
    volume = volume.reshape([block * point for block, point in zip(blocks, points, strict=True)])
    return volume[: coarse[0], : coarse[1], : coarse[2]]


def _upsample(field: torch.Tensor, step: int, size: Sequence[int]) -> torch.Tensor:
    """Interpolate linearly to ``step`` times as many voxels; an axis of one voxel keeps it."""
    if step == 1:
        return field
    depth, height, width = size
    if depth == 1:
        field = functional.interpolate(field[None], scale_factor=float(step), mode="bilinear")[0]
    else:
        field = functional.interpolate(field[None, None], scale_factor=float(step), mode="trilinear")[0, 0]
    return field[:depth, :height, :width]
