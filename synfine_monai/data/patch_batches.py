"""Patches in memory, real and synthetic ones in one pool, drawn as training batches."""

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property

import numpy as np
import torch
from monai.transforms import Randomizable
from torch.utils.data import Dataset

from synfine_monai.conventions import UNLABELLED
from synfine_monai.errors import ScanError

Patches = Mapping[str, torch.Tensor]


def synthetic_count(real: int, per_real: int | None) -> int:
    """Synthetic patches that join ``real`` ones; None and 0 mean none.

    Raises:
        ScanError: if ``per_real`` is no whole number from 0 up.
    """
    per_real = 0 if per_real is None else per_real
    if isinstance(per_real, bool) or not isinstance(per_real, int) or per_real < 0:
        raise ScanError(f"--synthetic_per_real takes a whole number from 0 up, got {per_real!r}.")
    return per_real * real


def mixed_pool(real: Patches, make_synthetic: Callable[[], Patches], count: int) -> Patches:
    """``real`` followed by ``count`` synthetic patches of the same size; ``real`` itself where there are none.

    Args:
        real: "image" (N, 1, S, S) float32 and "label" (N, 1, S, S) uint8.
        make_synthetic: makes "image" (count, 1, P, P) and "label" (count, 1, P, P), P ≤ S; called if ``count`` > 0.
        count: number of synthetic patches.
    """
    if not count:
        return real
    synthetic = with_margin(make_synthetic(), real["image"].shape[-1])
    return {name: torch.cat([real[name], synthetic[name].to(real[name].dtype)]) for name in ("image", "label")}


def with_margin(patches: Patches, size: int) -> dict[str, torch.Tensor]:
    """Patches with a margin such as real ones have: the image goes on by reflection, and the margin has no label.

    Args:
        patches: "image" and "label", (N, 1, P, P).
        size: S ≥ P, with S − P even.

    Returns:
        The same, (N, 1, S, S); 255 in the labels' margin.

    Raises:
        ValueError: if the patches do not fit into the middle of ``size``.
    """
    margin, odd = divmod(size - patches["image"].shape[-1], 2)
    if margin < 0 or odd:
        raise ValueError(f"patches of {patches['image'].shape[-1]} voxels do not fit into the middle of {size}.")
    around = ((0, 0), (0, 0), (margin, margin), (margin, margin))
    image, label = (patches[name].numpy() for name in ("image", "label"))
    return {
        "image": torch.from_numpy(np.pad(image, around, mode="reflect")),  # any margin, also one wider than the patch
        "label": torch.from_numpy(np.pad(label, around, constant_values=UNLABELLED)),
    }


class PatchBatches(Dataset):
    """Item ``i`` is the ``i``-th batch of the current epoch; it depends on (seed, epoch, i) only.

    Every patch is seen once before any is seen again, across epochs. Used with ``DataLoader(batch_size=None)``; the
    trainer's ``SetEpoch`` handler keeps ``epoch`` up to date, also when a run resumes.

    Args:
        data: "image" (N, C, H, W) float and "label" (N, 1, H, W) uint8, or any other tensors of N patches; or what
            makes them, called when the first batch is asked for (a run that is complete never asks).
        batch_size: patches a batch.
        steps_per_epoch: batches an epoch.
        seed: of order and augmentation.
        transform: a MONAI random transform of a whole batch, or None.
        beside: others whose ``i``-th batches of the same step join this one's, before ``transform``.

    ``batch_size`` is that of all together.
    """

    def __init__(
        self,
        data: Mapping[str, torch.Tensor] | Callable[[], Mapping[str, torch.Tensor]],
        batch_size: int,
        steps_per_epoch: int,
        seed: int = 0,
        transform: Callable[[dict[str, torch.Tensor]], dict[str, torch.Tensor]] | None = None,
        beside: Sequence["PatchBatches"] = (),
    ) -> None:
        self.source, self.transform, self.beside = data, transform, list(beside)
        self.own_size, self.steps_per_epoch, self.seed = batch_size, steps_per_epoch, seed
        self.batch_size: int = batch_size + sum(other.batch_size for other in self.beside)
        self.epoch = 1
        self._orders: dict[int, np.ndarray] = {}

    @cached_property
    def data(self) -> dict[str, torch.Tensor]:
        """All patches."""
        return dict(self.source() if callable(self.source) else self.source)

    @property
    def size(self) -> int:
        """Number of patches."""
        return len(next(iter(self.data.values())))

    def __len__(self) -> int:
        return self.steps_per_epoch

    def __getitem__(self, index: int) -> dict[str, torch.Tensor]:
        if index >= self.steps_per_epoch:
            raise IndexError(index)
        step = (self.epoch - 1) * self.steps_per_epoch + index
        size = self.size
        positions = range(step * self.own_size, (step + 1) * self.own_size)
        chosen = torch.tensor([self._order(p // size)[p % size] for p in positions])
        batch = {
            key: values[chosen].float() if values.dtype == torch.float16 else values[chosen]
            for key, values in self.data.items()
        }
        for other in self.beside:
            other.epoch = self.epoch
            more = other[index]
            batch = {key: torch.cat([values, more[key]]) for key, values in batch.items()}
        if self.transform is None:
            return batch
        if isinstance(self.transform, Randomizable):
            self.transform.set_random_state(seed=int(np.random.SeedSequence([self.seed, step]).generate_state(1)[0]))
        return self.transform(batch)

    def _order(self, turn: int) -> np.ndarray:
        if turn not in self._orders:
            self._orders = {t: o for t, o in self._orders.items() if t == turn - 1}
            self._orders[turn] = np.random.default_rng([self.seed, turn]).permutation(self.size)
        return self._orders[turn]
