"""What a rock holds beside its grains: inclusions, irregular patches, films on walls, fractures."""

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from monai.transforms import Randomizable, Transform

from synfine_monai.conventions import PHASES
from synfine_monai.transforms.generate.draws import Range, gaussian_blur, log_uniform, smooth_noise, uniform
from synfine_monai.transforms.generate.grains import fraction_level
from synfine_monai.transforms.generate.shapes import scatter_bodies

MIDDLE = 0.97
"""Blurred mask of a pore's middle, about two thicknesses from the wall, where no film reaches."""


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


def phase_mask(phase: torch.Tensor, names: tuple[str, ...]) -> torch.Tensor:
    """True where the phase map (any shape, uint8) holds one of the named phases."""
    mask = torch.zeros_like(phase, dtype=torch.bool)
    for name in names:
        mask |= phase == PHASES.index(name)
    return mask
