"""SynFine's mask: a noise texture, the threshold of its histogram, a Gaussian blur, a step."""

from collections.abc import Mapping, Sequence

import torch
from monai.transforms import Randomizable, Transform

from synfine_monai.conventions import PHASES
from synfine_monai.transforms.generate.draws import Range, log_uniform, smooth_noise, uniform
from synfine_monai.transforms.generate.grains import fraction_level
from synfine_monai.transforms.generate.phases import phase_mask

__all__ = ["RandNoiseMask"]


class RandNoiseMask(Randomizable, Transform):
    """Paint a phase over irregular patches: pores, clay that fills pores, specks of dense minerals, water.

    White noise is cut at a level of its histogram; the specks that remain are blurred into wider patches and cut
    again, so that ``fraction`` of ``inside`` is painted.

    Args:
        phase: name in ``PHASES``.
        fraction: share of the voxels of ``inside`` that are painted, 0 to 1, on average over rocks.
        length: blur in voxels: patches are two to four times as wide.
        density: share of specks after the first threshold, small for lone patches, 0.5 for an even maze.
        inside: phases that may be replaced.
        prob: chance that a rock has such patches at all.

    Source: SynFine (ICPRAM 2023), sec. 4.1.
    """

    def __init__(
        self,
        phase: str,
        fraction: Range,
        length: Range,
        density: Range = (0.05, 0.5),
        inside: Sequence[str] = ("matrix",),
        prob: float = 1.0,
    ) -> None:
        self.phase, self.fraction, self.length, self.density = phase, fraction, length, density
        self.inside, self.prob = tuple(inside), prob

    def __call__(self, sample: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        fraction = uniform(self.R, self.fraction)
        if self.R.uniform() >= self.prob or fraction <= 0:
            return dict(sample)
        phase = sample["phase"]
        length, density = log_uniform(self.R, self.length), uniform(self.R, self.density)
        field = smooth_noise(self.R, phase.shape, length, phase.device, density)
        patches = field > fraction_level(field, 1 - fraction)
        patches &= phase_mask(phase, self.inside)
        return {**sample, "phase": phase.masked_fill(patches, PHASES.index(self.phase))}
