"""From phases to grey levels: a level and a texture for each phase, a tone for each grain."""

from collections.abc import Mapping

import torch
from monai.transforms import Randomizable, Transform

from synfine_monai.conventions import PHASES
from synfine_monai.transforms.generate.ranges import Range, log_uniform, uniform
from synfine_monai.transforms.generate.smooth_fields import smooth_noise

__all__ = ["RandPaint"]


class RandPaint(Randomizable, Transform):
    """Paint relative attenuation: matrix is about 1, air about 0.

    Args:
        grey: phase name -> grey level, for each phase that the rock holds.
        texture: phase name -> standard deviation of the phase's own mottling; a phase left out has none.
        texture_length: smoothness of the mottling in voxels.
        tone: standard deviation between grains (of a grain's ``tone``), in the matrix.
        bright: how much brighter the brightest tenth of the grains are on top of it, as feldspars among quartz.

    Needs ``phase`` (D, H, W) uint8 and, if grains were packed, ``tone``; adds ``image`` (1, D, H, W) float32.

    Raises:
        ValueError: if ``grey`` names an unknown phase; when called, if it lacks one that the rock holds.
    """

    def __init__(
        self,
        grey: Mapping[str, Range],
        texture: Mapping[str, Range] | None = None,
        texture_length: Range = (1.0, 4.0),
        tone: Range = 0.0,
        bright: Range = 0.0,
    ) -> None:
        if unknown := set(grey) - set(PHASES):
            raise ValueError(f"grey names {sorted(unknown)}, but the phases are {', '.join(PHASES)}.")
        self.grey, self.texture, self.texture_length = dict(grey), dict(texture or {}), texture_length
        self.tone, self.bright = tone, bright

    def __call__(self, sample: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        phase = sample["phase"]
        index = phase.flatten().int()
        look = lambda values: torch.tensor(values, device=phase.device).index_select(0, index).view(phase.shape)  # noqa: E731
        self._require_levels(phase)
        image = look([uniform(self.R, self.grey.get(name, 0.0)) for name in PHASES])
        mottling = smooth_noise(self.R, phase.shape, log_uniform(self.R, self.texture_length), phase.device)
        image += look([uniform(self.R, self.texture.get(name, 0.0)) for name in PHASES]) * mottling
        tone, bright = uniform(self.R, self.tone), uniform(self.R, self.bright)
        if "tone" in sample:
            grain = tone * sample["tone"].clamp(-2.5, 2.5) + bright * (sample["tone"] - 1.3).mul_(4).clamp_(0, 1)
            image += grain * (phase == PHASES.index("matrix"))
        return {**sample, "image": image[None]}

    def _require_levels(self, phase: torch.Tensor) -> None:
        for index, name in enumerate(PHASES):
            if name not in self.grey and (phase == index).any():
                raise ValueError(f"grey has no level for the phase {name}, which the rock holds: add one.")
