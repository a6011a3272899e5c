"""How phases look: grey levels and textures, seams between grains, and where people draw a label's boundary."""

from collections.abc import Mapping

import torch
from monai.transforms import Randomizable, Transform

from synfine_monai.conventions import PHASES
from synfine_monai.transforms.generate.draws import Range, gaussian_blur, log_uniform, smooth_noise, uniform
from synfine_monai.transforms.generate.structure import phase_mask


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
