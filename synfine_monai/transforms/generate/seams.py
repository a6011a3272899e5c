"""Faint dark lines where grains touch: seen in the image, but too thin to be labelled."""

from collections.abc import Mapping

import torch
from monai.transforms import Randomizable, Transform

from synfine_monai.conventions import PHASES
from synfine_monai.transforms.generate.ranges import Range, log_uniform, uniform
from synfine_monai.transforms.generate.smooth_fields import smooth_noise

__all__ = ["RandSeams"]


class RandSeams(Randomizable, Transform):
    """Darken the matrix along the faces of its grains; smooth noise hides parts of them.

    Args:
        depth: how much darker a seam is, in relative attenuation.
        width: half width in voxels.
        prob: chance that a rock shows seams at all.

    Needs ``phase``, ``image`` and ``gap`` of packed grains; changes ``image``.
    """

    def __init__(self, depth: Range, width: Range = (0.4, 1.0), prob: float = 0.5) -> None:
        self.depth, self.width, self.prob = depth, width, prob

    def __call__(self, sample: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        if self.R.uniform() >= self.prob:
            return dict(sample)
        phase, gap = sample["phase"], sample["gap"]
        seam = torch.exp(-((gap / log_uniform(self.R, self.width)) ** 2))
        seam *= smooth_noise(self.R, gap.shape, 8.0, gap.device).clamp(0, 1)
        seam *= phase == PHASES.index("matrix")
        return {**sample, "image": sample["image"] - uniform(self.R, self.depth) * seam}
