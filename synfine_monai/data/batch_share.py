"""One process's share of every batch, when several train together."""

import torch
from torch.utils.data import Dataset

from synfine_monai.errors import ScanError

__all__ = ["BatchShare"]


class BatchShare(Dataset):
    """Item ``i`` is the ``rank``-th of ``world_size`` equal parts of batch ``i``.

    Every process makes the whole batch and keeps its part, so that all of them together see what one would have seen
    alone, whatever their number.

    Args:
        dataset: items are batches: mappings of tensors with the patches along the first axis.
        rank: of this process, from 0.
        world_size: number of processes; the batch size must be a multiple of it.

    Raises:
        ScanError: when a batch is asked for that cannot be shared out evenly.
    """

    def __init__(self, dataset: Dataset, rank: int, world_size: int) -> None:
        self.dataset, self.rank, self.world_size = dataset, rank, world_size

    def __len__(self) -> int:
        return len(self.dataset)

    def __getitem__(self, index: int) -> dict[str, torch.Tensor]:
        batch = self.dataset[index]
        size = len(next(iter(batch.values())))
        if size % self.world_size:
            raise ScanError(
                f"batch_size {size} cannot be shared by {self.world_size} processes: "
                f"use a multiple of {self.world_size}."
            )
        part = size // self.world_size
        return {key: values[self.rank * part : (self.rank + 1) * part] for key, values in batch.items()}
