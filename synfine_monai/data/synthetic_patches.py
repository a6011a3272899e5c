"""Synthetic training patches, cut from procedural rocks: endless, as a bank in memory, or made elsewhere."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from monai.data import DataLoader, list_data_collate
from torch.utils.data import Dataset
from tqdm import tqdm

from synfine_monai.conventions import CLASS_OF_PHASE, NORMALISATION, PATCH_SIZE
from synfine_monai.data.pairs_file import load_pairs
from synfine_monai.errors import ScanError
from synfine_monai.survey import measure_intensity
from synfine_monai.transforms.generate import RandRock, log_uniform, uniform

VOLUMES_AT_A_TIME = 4


class SyntheticPatches(Dataset):
    """Each item is one rock, normalised as a whole scan is, and some patches of it.

    Item i depends on (seed, epoch, i) only, so any number of workers gives the same patches.

    Args:
        rock: preset name, YAML file or mapping; or a list of these, one of which each item draws.
        class_of_phase: class index of each phase of the generator.
        num_volumes: items, each a rock.
        patches_per_volume: patches cut from one rock, without overlap within a slice as long as there is room.
        patch_size: edge of a patch in voxels.
        seed: of everything.
        volume_size: (H, W) makes plane sections directly, the quickest; (D, H, W) makes volumes, sliced along every
            axis that leaves room for a patch.
        normalisation: method of ``measure_intensity``. A small rock varies more than a scan does, so the preset's
            ``normalisation_jitter`` moves gain and offset around it.
        device: where rocks are computed; patches come back on the CPU.

    Items: lists of {"image": (1, P, P) float32 normalised, "label": (1, P, P) uint8 class}.

    Raises:
        ScanError: if the volume leaves no room for a patch, or a preset cannot be used.
    """

    def __init__(
        self,
        rock: str | Path | Mapping[str, Any] | Sequence[str | Path | Mapping[str, Any]],
        class_of_phase: Mapping[str, int],
        num_volumes: int,
        patches_per_volume: int = 8,
        patch_size: int = PATCH_SIZE,
        seed: int = 0,
        volume_size: Sequence[int] = (192, 192),
        normalisation: str = NORMALISATION,
        device: torch.device | str = "cpu",
    ) -> None:
        presets = [rock] if isinstance(rock, str | Path | Mapping) else list(rock)
        self.rocks = [RandRock(preset, class_of_phase, volume_size, device) for preset in presets]
        self.num_volumes, self.patches_per_volume, self.patch_size = num_volumes, patches_per_volume, patch_size
        self.seed, self.normalisation, self.epoch = seed, normalisation, 0
        self.planes = _planes(volume_size, patch_size)

    def set_epoch(self, epoch: int) -> None:
        """Make the next pass over the items a new one."""
        self.epoch = int(epoch)

    def __len__(self) -> int:
        return self.num_volumes

    def __getitem__(self, index: int) -> list[dict[str, torch.Tensor]]:
        if not 0 <= index < self.num_volumes:
            raise IndexError(index)
        random = np.random.RandomState(np.random.SeedSequence([self.seed, self.epoch, index]).generate_state(4))
        rock = self.rocks[random.randint(len(self.rocks))]
        sample = rock.set_random_state(state=random)()
        image, label = sample["image"][0].cpu(), sample["label"][0].cpu()
        if image.ndim == 2:
            image, label = image[None], label[None]
        image = self._normalise(image, rock.normalisation_jitter, random)
        corners = self._corners(image.shape, random)
        return [{"image": self._cut(image, *corner), "label": self._cut(label, *corner)} for corner in corners]

    def _normalise(self, image: torch.Tensor, jitter: Mapping[str, Any], random: np.random.RandomState) -> torch.Tensor:
        volume = image.numpy()
        statistics = measure_intensity([volume], [np.ones(volume.shape, bool)], self.normalisation)
        gain, offset = log_uniform(random, jitter["gain"]), uniform(random, jitter["offset"])
        return torch.from_numpy(statistics.normalise(volume)).mul_(gain).add_(offset)

    def _corners(self, shape: Sequence[int], random: np.random.RandomState) -> list[tuple[int, int, int, int]]:
        """(axis, plane, row, column) of each patch: tiles of a grid that sits at random, in random order."""
        chosen: list[tuple[int, int, int, int]] = []
        while len(chosen) < self.patches_per_volume:
            axis = self.planes[random.randint(len(self.planes))]
            plane = random.randint(shape[axis])
            sides = [count for other, count in enumerate(shape) if other != axis]
            rows, columns = (_tiles(count, self.patch_size, random) for count in sides)
            tiles = [(axis, plane, row, column) for row in rows for column in columns]
            order = random.permutation(len(tiles))
            chosen += [tiles[place] for place in (order if shape[axis] == 1 else order[:1])]
        return chosen[: self.patches_per_volume]

    def _cut(self, volume: torch.Tensor, axis: int, plane: int, row: int, column: int) -> torch.Tensor:
        side = self.patch_size
        return volume.select(axis, plane)[None, row : row + side, column : column + side].clone()


def _tiles(count: int, side: int, random: np.random.RandomState) -> list[int]:
    tiles = count // side
    start = random.randint(count - tiles * side + 1)
    return [start + tile * side for tile in range(tiles)]


def _planes(size: Sequence[int], side: int) -> list[int]:
    """Axes of a (D, H, W) volume across which a patch fits."""
    size = (1, *size) if len(size) == 2 else tuple(size)
    planes = [axis for axis in range(3) if min(count for other, count in enumerate(size) if other != axis) >= side]
    if not planes:
        raise ScanError(f"no patch of {side}×{side} voxels fits into a rock of {'×'.join(map(str, size))} voxels.")
    return planes


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
