"""Scattered bodies of one phase: air voids, heavy minerals, aggregates."""

from collections.abc import Mapping, Sequence

import torch
from monai.transforms import Randomizable, Transform

from synfine_monai.conventions import PHASES
from synfine_monai.transforms.generate.draws import Range, uniform
from synfine_monai.transforms.generate.phases import phase_mask
from synfine_monai.transforms.generate.shapes import scatter_bodies

__all__ = ["RandInclusions"]


class RandInclusions(Randomizable, Transform):
    """Scatter bodies over octaves of radius and paint them with a phase.

    Args:
        phase: name in ``PHASES``.
        fraction: share of the volume that the bodies fill, 0 up to 1.
        radius: smallest and largest radius in voxels; octaves between them share the volume.
        falloff: how many times less volume each octave holds than the next smaller one; below 1 favours big bodies.
        shapes: names in ``SHAPES``, one of which each octave draws.
        stretch: ratio of a body's longest to shortest axis, >= 1.
        inside: phases that a body may replace.
        prob: chance that a rock has such bodies at all.
    """

    def __init__(
        self,
        phase: str,
        fraction: Range,
        radius: tuple[float, float],
        falloff: Range = 1.0,
        shapes: Sequence[str] = ("ellipsoid",),
        stretch: Range = (1.0, 1.3),
        inside: Sequence[str] = ("matrix",),
        prob: float = 1.0,
    ) -> None:
        self.phase, self.fraction, self.radius, self.falloff = phase, fraction, radius, falloff
        self.shapes, self.stretch, self.inside, self.prob = tuple(shapes), stretch, tuple(inside), prob

    def __call__(self, sample: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        if self.R.uniform() >= self.prob:
            return dict(sample)
        phase = sample["phase"]
        body = torch.zeros_like(phase, dtype=torch.bool)
        for radius, fraction in self._octaves():
            body |= self._scatter(phase, radius, fraction)
        body &= phase_mask(phase, self.inside)
        return {**sample, "phase": phase.masked_fill(body, PHASES.index(self.phase))}

    def _octaves(self) -> list[tuple[float, float]]:
        """(largest radius, share of the volume) of each octave."""
        lowest, highest = self.radius
        radii = [highest]
        while radii[-1] > 2 * lowest:
            radii.append(radii[-1] / 2)
        falloff, fraction = uniform(self.R, self.falloff), uniform(self.R, self.fraction)
        weights = [falloff**octave for octave in range(len(radii))]
        return [(radius, fraction * weight / sum(weights)) for radius, weight in zip(radii, weights, strict=True)]

    def _scatter(self, phase: torch.Tensor, radius: float, fraction: float) -> torch.Tensor:
        return scatter_bodies(
            self.R,
            phase.shape,
            (0.5 * radius, radius),
            fraction,
            self.shapes[self.R.randint(len(self.shapes))],
            stretch=uniform(self.R, self.stretch),
            device=phase.device,
        )
