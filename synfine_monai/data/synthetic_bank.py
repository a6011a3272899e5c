"""A bank of procedural patches in memory, made once, before pre-training."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
from monai.data import DataLoader, list_data_collate
from tqdm import tqdm

from synfine_monai.conventions import CLASS_OF_PHASE, NORMALISATION, PATCH_SIZE
from synfine_monai.data.synthetic_patches import SyntheticPatches

__all__ = ["make_synthetic_bank", "synthetic_masks"]

VOLUMES_AT_A_TIME = 4


def make_synthetic_bank(
    rock: str | Path | Mapping | Sequence[str],
    class_of_phase: Mapping[str, int],
    pairs: int,
    seed: int = 0,
    normalisation: str = NORMALISATION,
    patches_per_volume: int = 8,
    num_workers: int = 2,
) -> dict[str, torch.Tensor]:
    """Make ``pairs`` procedural patches; the same seed gives the same bank on any number of workers.

    Args:
        rock: generator preset, mapping or YAML; several presets as a list, or in a string with commas.
        class_of_phase: class of every phase of the generator.
        pairs: how many patches.
        seed: of everything in the bank.
        normalisation: method of ``synfine_monai.survey.intensity``.
        patches_per_volume: patches cut from one synthetic volume.
        num_workers: processes; 0 for none.

    Returns:
        "image" (pairs, 1, 64, 64) float16, normalised as real scans are, and "label" (pairs, 1, 64, 64) uint8.
    """
    rock = rock.split(",") if isinstance(rock, str) and "," in rock else rock
    volumes = -(-pairs // patches_per_volume)
    dataset = SyntheticPatches(
        rock, class_of_phase, volumes, patches_per_volume, seed=seed, normalisation=normalisation
    )
    loader = DataLoader(dataset, batch_size=VOLUMES_AT_A_TIME, num_workers=num_workers, collate_fn=list_data_collate)
    images = torch.empty(volumes * patches_per_volume, 1, PATCH_SIZE, PATCH_SIZE, dtype=torch.float16)
    labels = torch.empty(volumes * patches_per_volume, 1, PATCH_SIZE, PATCH_SIZE, dtype=torch.uint8)
    done = 0
    with tqdm(total=pairs, desc="Generating synthetic pairs", unit="pair") as progress:
        for batch in loader:
            count = len(batch["image"])
            images[done : done + count], labels[done : done + count] = batch["image"], batch["label"]
            done += count
            progress.update(min(count, pairs - progress.n))
    return {"image": images[:pairs], "label": labels[:pairs]}


def synthetic_masks(rock: str, count: int, seed: int = 0) -> torch.Tensor:
    """(count, 1, 64, 64) uint8 indices of the generator's phases: the labels of a bank of procedural pairs."""
    return make_synthetic_bank(rock, CLASS_OF_PHASE, count, seed, num_workers=2 if count > 100 else 0)["label"]
