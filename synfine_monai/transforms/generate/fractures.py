"""Thin cracks: wavy planes through the rock."""

from collections.abc import Mapping

import numpy as np
import torch
from monai.transforms import Randomizable, Transform

from synfine_monai.conventions import PHASES
from synfine_monai.transforms.generate.draws import Range, log_uniform, smooth_noise
from synfine_monai.transforms.generate.phases import phase_mask

__all__ = ["RandFractures"]


class RandFractures(Randomizable, Transform):
    """Open up to ``count`` cracks through matrix, clay and dense minerals.

    Args:
        count: largest number of cracks; each rock draws 0 to ``count``.
        aperture: width in voxels.
        waviness: how far a crack strays from its plane, in voxels.
        prob: chance that a rock has cracks at all.
    """

    def __init__(self, count: int = 2, aperture: Range = (1.0, 3.0), waviness: Range = (1.0, 6.0), prob: float = 0.2):
        self.count, self.aperture, self.waviness, self.prob = count, aperture, waviness, prob

    def __call__(self, sample: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        if self.R.uniform() >= self.prob:
            return dict(sample)
        phase = sample["phase"]
        crack = torch.zeros_like(phase, dtype=torch.bool)
        for _ in range(self.R.randint(self.count + 1)):
            crack |= self._distance(phase).abs() < 0.5 * log_uniform(self.R, self.aperture)
        crack &= phase_mask(phase, ("matrix", "clay", "dense"))
        return {**sample, "phase": phase.masked_fill(crack, PHASES.index("pore"))}

    def _distance(self, phase: torch.Tensor) -> torch.Tensor:
        """Signed distance in voxels from a plane at random, bent by smooth noise."""
        size = np.array(phase.shape)
        normal = self.R.standard_normal(3)
        normal /= np.linalg.norm(normal)
        point = self.R.uniform(0.0, 1.0, 3) * size
        bend = smooth_noise(self.R, phase.shape, 10.0, phase.device) * log_uniform(self.R, self.waviness)
        for axis, count in enumerate(phase.shape):
            line = (torch.arange(count, device=phase.device, dtype=torch.float32) - point[axis]) * normal[axis]
            bend = bend + line.view([-1 if other == axis else 1 for other in range(3)])
        return bend
