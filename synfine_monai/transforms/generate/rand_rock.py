"""A random rock with its labels, composed of the parts that a preset lists."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from monai.transforms import Randomizable, Transform

from synfine_monai.errors import ScanError
from synfine_monai.transforms.generate.phases import class_table
from synfine_monai.transforms.generate.rock_parts import build_parts
from synfine_monai.transforms.generate.rock_presets import load_rock
from synfine_monai.transforms.generate.together import RandTogether

__all__ = ["RandRock"]


class RandRock(Randomizable, Transform):
    """Generate a rock as a scanner would show it, and the class of every voxel.

    The parts hand on one sample: ``structure`` changes its ``phase`` (D, H, W) uint8, which indexes ``PHASES`` and
    starts as matrix everywhere; ``appearance`` paints ``image`` from it and degrades that (1, D, H, W) as a
    scanner does. All shapes
    and parameters come from numpy, so a seed gives the same structure on every device; pixel noise is torch's.

    Args:
        rock: preset name, YAML file or mapping; see ``load_rock``.
        class_of_phase: class index of each of ``PHASES``.
        size: (D, H, W) voxels, or (H, W) for a plane section made directly.
        device: where fields are computed.

    Returns of a call (its argument is not used, so that the rock can stand in a ``Compose``):
        ``image`` (1, [D,] H, W) float32, relative attenuation: matrix about 1, air about 0.
        ``label`` (1, [D,] H, W) uint8 class, exact before the blur by partial volume unless the preset moves it.
    """

    def __init__(
        self,
        rock: str | Path | Mapping[str, Any],
        class_of_phase: Mapping[str, int],
        size: Sequence[int] = (16, 64, 64),
        device: torch.device | str = "cpu",
    ) -> None:
        if len(size) not in (2, 3) or min(size) < 1 or min(size[-2:]) < 8:
            raise ScanError(f"a rock of size {tuple(size)} cannot be made: give (D, H, W) or (H, W), H and W >= 8.")
        self.size = tuple(int(count) for count in size)
        self.device = torch.device(device)
        self.table = class_table(class_of_phase).to(self.device)
        preset = load_rock(rock)
        self.normalisation_jitter = preset["normalisation_jitter"]
        self.parts = RandTogether(build_parts(preset["structure"] + preset["appearance"]), prob=1.0)

    def set_random_state(self, seed: int | None = None, state: np.random.RandomState | None = None) -> "RandRock":
        """Seed all parts, which draw in turn from one state (seeding a state for each would cost more than they do)."""
        super().set_random_state(seed, state)
        self.parts.set_random_state(state=self.R)
        return self

    def __call__(self, data: Any = None) -> dict[str, torch.Tensor]:
        shape = self.size if len(self.size) == 3 else (1, *self.size)
        sample = {"phase": torch.zeros(shape, dtype=torch.uint8, device=self.device)}
        sample = self.parts(sample)
        label = self.table.index_select(0, sample["phase"].flatten().int())
        return {"image": sample["image"].view(1, *self.size), "label": label.view(1, *self.size)}
