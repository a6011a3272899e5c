"""Training batches from patches in memory: shuffled, augmented, and the same again after an interruption."""

from collections.abc import Callable, Mapping
from functools import cached_property

import numpy as np
import torch
from monai.transforms import Randomizable
from torch.utils.data import Dataset

__all__ = ["PatchBatches"]


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
    """

    def __init__(
        self,
        data: Mapping[str, torch.Tensor] | Callable[[], Mapping[str, torch.Tensor]],
        batch_size: int,
        steps_per_epoch: int,
        seed: int = 0,
        transform: Callable[[dict[str, torch.Tensor]], dict[str, torch.Tensor]] | None = None,
    ) -> None:
        self.source, self.transform = data, transform
        self.batch_size, self.steps_per_epoch, self.seed = batch_size, steps_per_epoch, seed
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
        positions = range(step * self.batch_size, (step + 1) * self.batch_size)
        chosen = torch.tensor([self._order(p // size)[p % size] for p in positions])
        batch = {key: values[chosen].float() if values.dtype == torch.float16 else values[chosen]
                 for key, values in self.data.items()}  # fmt: skip
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
