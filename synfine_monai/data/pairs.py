"""Synthetic pairs for training: made by the procedural generator, or read from a folder of pairs made elsewhere."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import torch

from synfine_monai.conventions import NORMALISATION
from synfine_monai.data.pairs_file import load_pairs
from synfine_monai.data.synthetic_bank import make_synthetic_bank

__all__ = ["synthetic_pairs"]


def synthetic_pairs(
    pairs_from: str | Path | None,
    rock: str | Path | Mapping | Sequence[str],
    class_of_phase: Mapping[str, int],
    pairs: int,
    seed: int = 0,
    normalisation: str = NORMALISATION,
) -> dict[str, torch.Tensor]:
    """The pairs of a folder (``load_pairs``), or procedural ones (``make_synthetic_bank``) where it is None.

    Args:
        pairs_from: folder with ``pairs.pt`` and ``pairs.json``, or None.
        rock: preset of the generator, unused with a folder.
        class_of_phase: class of every phase of the generator.
        pairs: how many.
        seed: of the generator, unused with a folder.
        normalisation: method of ``synfine_monai.survey.intensity``.

    Returns:
        "image" (pairs, 1, 64, 64) float16 and "label" (pairs, 1, 64, 64) uint8.

    Raises:
        ScanError: as ``load_pairs`` and ``make_synthetic_bank`` do.
    """
    if pairs_from is not None:
        return load_pairs(pairs_from, class_of_phase, pairs, normalisation)
    return make_synthetic_bank(rock, class_of_phase, pairs, seed, normalisation)
