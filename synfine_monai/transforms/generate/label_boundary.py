"""Where a label's boundary lies: people often draw it where less than half of a voxel is pore."""

from collections.abc import Mapping

import torch
from monai.transforms import Randomizable, Transform

from synfine_monai.conventions import PHASES
from synfine_monai.transforms.generate.phases import phase_mask
from synfine_monai.transforms.generate.ranges import Range, uniform
from synfine_monai.transforms.generate.smooth_fields import gaussian_blur

__all__ = ["RandLabelBoundary"]


class RandLabelBoundary(Randomizable, Transform):
    """Move the boundary of the pore space in the label to another share of partial volume than 0.5.

    Args:
        at: partial volume of pore space (pore and water) at which its label begins: 0.3 draws pores larger, 0.7 smaller
        width: blur in voxels that makes the partial volume.
        prob: chance that the boundary is moved; without, the label is exact.

    Changes ``phase`` only, so it belongs after painting.
    """

    def __init__(self, at: Range = (0.3, 0.5), width: float = 1.0, prob: float = 1.0) -> None:
        self.at, self.width, self.prob = at, width, prob

    def __call__(self, sample: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        if self.R.uniform() >= self.prob:
            return dict(sample)
        phase, at = sample["phase"], uniform(self.R, self.at)
        room = phase_mask(phase, ("pore", "water"))
        share = gaussian_blur(room.float(), self.width)
        water = gaussian_blur((phase == PHASES.index("water")).float(), self.width)
        grown = phase.masked_fill((share > at) & ~room, PHASES.index("pore"))
        grown = grown.masked_fill((share > at) & ~room & (water > 0.5 * share), PHASES.index("water"))
        return {**sample, "phase": grown.masked_fill(room & (share <= at), PHASES.index("matrix"))}
