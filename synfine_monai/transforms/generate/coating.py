"""A film of one phase on the walls of another: clay that coats pores, water that wets them."""

from collections.abc import Mapping, Sequence

import torch
from monai.transforms import Randomizable, Transform

from synfine_monai.conventions import PHASES
from synfine_monai.transforms.generate.draws import Range, gaussian_blur, log_uniform, smooth_noise, uniform
from synfine_monai.transforms.generate.phases import phase_mask

__all__ = ["RandCoating"]

MIDDLE = 0.97
"""Blurred mask of a pore's middle, about two thicknesses from the wall, where no film reaches."""


class RandCoating(Randomizable, Transform):
    """Turn the rim of ``inside`` into a film; narrow throats fill altogether, as they do with clay and with water.

    Blurred by the film's thickness, the mask of ``inside`` falls to 0.5 at a flat wall and rises inwards; it stays low
    in narrow places. The film is where it lies below a level that wanders with smooth noise.

    Args:
        phase: name in ``PHASES`` of the film.
        thickness: of the film in voxels.
        cover: share of the walls that are coated, 0 to 1, roughly.
        inside: phases that may be replaced.
        prob: chance that a rock has such films at all.
    """

    def __init__(
        self, phase: str, thickness: Range, cover: Range = 0.5, inside: Sequence[str] = ("pore",), prob: float = 1.0
    ) -> None:
        self.phase, self.thickness, self.cover = phase, thickness, cover
        self.inside, self.prob = tuple(inside), prob

    def __call__(self, sample: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        if self.R.uniform() >= self.prob:
            return dict(sample)
        phase = sample["phase"]
        thickness, cover = log_uniform(self.R, self.thickness), uniform(self.R, self.cover)
        room = phase_mask(phase, self.inside)
        depth = gaussian_blur(room.float(), thickness)
        wander = smooth_noise(self.R, phase.shape, 4 * thickness + 2, phase.device)
        level = (0.5 + 0.7 * (cover - 0.5) + 0.35 * wander).clamp_max_(MIDDLE)
        film = room & (depth < level)
        return {**sample, "phase": phase.masked_fill(film, PHASES.index(self.phase))}
