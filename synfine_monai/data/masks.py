"""Masks of procedural rocks, for a generator to fill."""

import torch

from synfine_monai.conventions import CLASS_OF_PHASE
from synfine_monai.data.synthetic_bank import make_synthetic_bank

__all__ = ["synthetic_masks"]


def synthetic_masks(rock: str, count: int, seed: int = 0) -> torch.Tensor:
    """(count, 1, 64, 64) uint8 indices of the generator's phases: the labels of a bank of procedural pairs."""
    return make_synthetic_bank(rock, CLASS_OF_PHASE, count, seed, num_workers=2 if count > 100 else 0)["label"]
