"""A given mask of phases as a scanner would show it: a preset's appearance without its structure."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from synfine_monai.transforms.generate.rock_parts import build_parts
from synfine_monai.transforms.generate.rock_presets import load_rock
from synfine_monai.transforms.generate.together import RandTogether

__all__ = ["paint_masks"]

NEED_GRAINS = ("RandSeams",)
"""Parts that draw contacts of grains, of which a mask knows nothing."""


def paint_masks(rock: str | Path | Mapping[str, Any], masks: torch.Tensor, seed: int = 0) -> torch.Tensor:
    """Paint and degrade masks by the appearance of a rock; what has no label is painted as matrix.

    Args:
        rock: preset name, YAML file or mapping.
        masks: (N, 1, H, W) uint8 indices of ``PHASES``, 255 where there is none.
        seed: of every draw.

    Returns:
        (N, 1, H, W) float32, z-scored over all images together.
    """
    entries = [entry for entry in load_rock(rock)["appearance"] if entry.get("part") not in NEED_GRAINS]
    parts = RandTogether(build_parts(entries), prob=1.0).set_random_state(seed=seed)
    phases = masks.masked_fill(masks == 255, 0)
    images = torch.stack([parts({"phase": phase})["image"][0] for phase in phases])
    return (images - images.mean()) / images.std()
