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
        dataset: items are batches of ``dataset.batch_size`` patches: mappings of tensors with the patches along the
            first axis.
        rank: of this process, from 0.
        world_size: number of processes; the batch size must be a multiple of it.

    Raises:
        ScanError: if batches cannot be shared out evenly; none is made to find out.
    """

    def __init__(self, dataset: Dataset, rank: int, world_size: int) -> None:
        if dataset.batch_size % world_size:
            raise ScanError(
                f"batch_size {dataset.batch_size} cannot be shared by {world_size} processes: "
                f"use a multiple of {world_size}."
            )
        self.dataset, self.rank, self.part = dataset, rank, dataset.batch_size // world_size

    def __len__(self) -> int:
        return len(self.dataset)

    def __getitem__(self, index: int) -> dict[str, torch.Tensor]:
        first = self.rank * self.part
        return {key: values[first : first + self.part] for key, values in self.dataset[index].items()}
