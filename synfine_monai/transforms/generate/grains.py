"""The solid background: grains tiled over space, and the pores that are left between them."""

from collections.abc import Mapping, Sequence

import torch
from monai.transforms import Randomizable, Transform

from synfine_monai.conventions import PHASES
from synfine_monai.transforms.generate.draws import Range, log_uniform, smooth_noise, uniform
from synfine_monai.transforms.generate.tiling import tile_shapes

SAMPLE = 8192
"""Voxels that are enough to find a level of a histogram."""
MEAN_RADIUS = 0.7
"""Radius of a grain in cells: neighbours overlap, so that every voxel lies in reach of one."""


def fraction_level(field: torch.Tensor, fraction: float) -> float:
    """The value that about ``fraction`` (0 to 1) of a field lies below, from an even sample of its voxels."""
    flat = field.flatten()
    flat = flat[:: max(1, flat.numel() // SAMPLE)]
    rank = min(flat.numel(), max(1, round(fraction * flat.numel())))
    return float(flat.kthvalue(rank).values)


class RandGrains(Randomizable, Transform):
    """Pack grains; where they do not reach, leave pores; give every grain a tone of its own.

    The intensity of round shapes leaves concave pores at the junctions of grains. The difference of the two strongest
    intensities leaves films along their faces. ``films`` mixes the two; ``roughness`` adds noise, so that some
    boundaries are cemented and others open. The lowest ``porosity`` of the histogram becomes pore.

    Args:
        cell: typical distance of grain centres in voxels.
        porosity: share of the volume that is left between grains, 0 to 1.
        shapes: names in ``SHAPES``, one of which each rock draws.
        stretch: ratio of a grain's longest to shortest axis, >= 1.
        films: 0 for pores at junctions only, 1 for films along faces.
        roughness: strength of the noise beside the spread of the packing itself.
        roughness_length: smoothness of that noise in voxels.

    Adds to the sample: ``tone`` (D, H, W) float32, about standard normal, one value a grain, and ``gap`` (D, H, W)
    float32, distance in voxels from the nearest face between two grains, roughly.
    """

    def __init__(
        self,
        cell: Range,
        porosity: Range,
        shapes: Sequence[str] = ("ellipsoid",),
        stretch: Range = (1.0, 1.6),
        films: Range = (0.0, 0.5),
        roughness: Range = (0.2, 0.6),
        roughness_length: Range = (2.0, 6.0),
    ) -> None:
        self.cell, self.porosity, self.shapes, self.stretch = cell, porosity, tuple(shapes), stretch
        self.films, self.roughness, self.roughness_length = films, roughness, roughness_length

    def __call__(self, sample: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        phase = sample["phase"]
        cell = log_uniform(self.R, self.cell)
        shape = self.shapes[self.R.randint(len(self.shapes))]
        grains = tile_shapes(
            self.R,
            phase.shape,
            cell,
            shape,
            scale=(MEAN_RADIUS - 0.1, MEAN_RADIUS + 0.1),
            stretch=uniform(self.R, self.stretch),
            step=int(min(4, max(1, cell // 8))),
            device=phase.device,
        )
        gap = (grains.best - grains.second) * (0.5 * MEAN_RADIUS * cell)
        sample = {**sample, "tone": grains.tone, "gap": gap}
        porosity = uniform(self.R, self.porosity)
        if porosity > 0:
            packing = self._packing(grains.best, grains.second, cell)
            pore = packing < fraction_level(packing, porosity)
            sample["phase"] = phase.masked_fill(pore, PHASES.index("pore"))
        return sample

    def _packing(self, best: torch.Tensor, second: torch.Tensor, cell: float) -> torch.Tensor:
        films = uniform(self.R, self.films)
        packing = best + films * (1.5 * (best - second) - best)
        length = log_uniform(self.R, self.roughness_length)
        rough = smooth_noise(self.R, best.shape, length, best.device)
        return packing + uniform(self.R, self.roughness) * 0.25 * rough
