"""A bank of procedural patches in a number of styles, each normalised as one scan is."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.utils.data import DataLoader, Dataset
from tqdm import tqdm

from synfine_monai.conventions import CLASS_OF_PHASE, NORMALISATION, PATCH_SIZE
from synfine_monai.survey import measure_intensity
from synfine_monai.transforms.generate import RandRock, rock_style

TILES = 3
"""Patches along a side of a synthetic section, which has room for no more."""


class StyledRocks(Dataset):
    """Item k holds patches of some rocks in style k, as slices of one scan: one look, one normalisation.

    Args:
        rocks: preset names, YAML files or mappings; style k is drawn from ``rocks[k % len(rocks)]``.
        styles: how many.
        pairs_per_style: patches of each.
        seed: of styles and rocks.
        normalisation: method of ``synfine_monai.survey.intensity``.

    Items: {"image": (pairs_per_style, 1, 64, 64) float16 normalised, "label": the same, uint8 index of the generator's
    phases, "style": (pairs_per_style,) int64}.
    """

    def __init__(
        self,
        rocks: Sequence[str | Path | Mapping[str, Any]],
        styles: int,
        pairs_per_style: int,
        seed: int = 0,
        normalisation: str = NORMALISATION,
    ) -> None:
        self.rocks, self.styles, self.pairs = list(rocks), int(styles), int(pairs_per_style)
        self.seed, self.normalisation = int(seed), normalisation

    def __len__(self) -> int:
        return self.styles

    def __getitem__(self, index: int) -> dict[str, torch.Tensor]:
        if not 0 <= index < self.styles:
            raise IndexError(index)
        seeds = np.random.SeedSequence([self.seed, index]).generate_state(5)
        preset = rock_style(self.rocks[index % len(self.rocks)], int(seeds[0]))
        rock = RandRock(preset, CLASS_OF_PHASE, (TILES * PATCH_SIZE, TILES * PATCH_SIZE))
        rock.set_random_state(state=np.random.RandomState(seeds[1:]))
        samples = [rock() for _ in range(-(-self.pairs // TILES**2))]
        images = self._normalised([sample["image"][0].numpy() for sample in samples], rock.normalisation_jitter)
        return {
            "image": _tiles(images)[: self.pairs].half(),
            "label": _tiles(torch.stack([sample["label"][0] for sample in samples]))[: self.pairs],
            "style": torch.full((self.pairs,), index, dtype=torch.int64),
        }

    def _normalised(self, images: list[np.ndarray], jitter: Mapping[str, float]) -> torch.Tensor:
        inside = [np.ones(image.shape, bool) for image in images]
        statistics = measure_intensity(images, inside, self.normalisation)
        normalised = torch.from_numpy(np.stack([statistics.normalise(image) for image in images]))
        return normalised * jitter["gain"] + jitter["offset"]


def make_styled_bank(
    rocks: str | Sequence[str | Path | Mapping[str, Any]],
    styles: int,
    pairs: int,
    seed: int = 0,
    normalisation: str = NORMALISATION,
    num_workers: int = 2,
) -> dict[str, torch.Tensor]:
    """Make ``pairs`` patches, as many in each style; the same seed gives the same bank on any number of workers.

    Args:
        rocks: as ``StyledRocks``; several names may be joined by commas.
        styles: how many looks.
        pairs: how many patches, at least one a style; rounded up to a multiple of ``styles``.
        seed: of everything in the bank.
        normalisation: method of ``synfine_monai.survey.intensity``.
        num_workers: processes; 0 for none.

    Returns:
        "image" (N, 1, 64, 64) float16, "label" (N, 1, 64, 64) uint8 and "style" (N,) int64.
    """
    rocks = rocks.split(",") if isinstance(rocks, str) else rocks
    dataset = StyledRocks(rocks, styles, -(-pairs // styles), seed, normalisation)
    loader = DataLoader(dataset, batch_size=None, num_workers=num_workers)
    made = list(tqdm(loader, desc="Generating rocks in styles", total=styles, unit="style"))
    return {key: torch.cat([of_style[key] for of_style in made]) for key in made[0]}


def _tiles(sections: torch.Tensor) -> torch.Tensor:
    """(N, 192, 192) sections -> (9 N, 1, 64, 64) patches."""
    patches = sections.unfold(1, PATCH_SIZE, PATCH_SIZE).unfold(2, PATCH_SIZE, PATCH_SIZE)
    return patches.reshape(-1, 1, PATCH_SIZE, PATCH_SIZE).contiguous()
