"""Processes that train one network together: how they join, each one's share of a batch, the loss of the whole."""

import logging
import os
import sys
from collections.abc import Mapping
from functools import partialmethod

import torch
from torch import distributed, nn
from torch.nn.parallel import DistributedDataParallel
from torch.utils.data import Dataset
from tqdm import tqdm

from synfine_monai.errors import ScanError
from synfine_monai.networks import gather_shares, share_batch_norm


def own_device() -> torch.device:
    """The GPU of this process's number on its machine, or the CPU where there is none.

    Raises:
        ScanError: if the process was not started by torchrun, or has no GPU for itself.
    """
    if "LOCAL_RANK" not in os.environ:
        raise ScanError("training by several processes is started by torchrun: torchrun --nproc_per_node 2 -m ...")
    if not torch.cuda.is_available():
        return torch.device("cpu")
    index, found = int(os.environ["LOCAL_RANK"]), torch.cuda.device_count()
    if index >= found:
        raise ScanError(f"process {index + 1} of this machine has no GPU for itself: --nproc_per_node {found} at most.")
    return torch.device("cuda", index)


def join_processes(device: torch.device) -> None:
    """Start the group of processes that torchrun launched.

    From now on only the first of them prints, logs and draws progress bars; warnings and errors are every one's own.

    Args:
        device: this process's; nccl connects GPUs, gloo the rest.
    """
    if device.type == "cuda":
        torch.cuda.set_device(device)
    distributed.init_process_group("nccl" if device.type == "cuda" else "gloo")
    if distributed.get_rank() > 0:
        logging.disable(logging.INFO)
        tqdm.__init__ = partialmethod(tqdm.__init__, disable=True)
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115 (for the rest of the process)


def share_network(
    network: nn.Module, optimizer: torch.optim.Optimizer, device: torch.device
) -> DistributedDataParallel:
    """Wrap a network for a training step that all processes do together.

    ``network`` stays what is saved and averaged: the wrapper shares its tensors, whose names get no prefix. Gradients
    of all that ``optimizer`` holds are averaged, also of what trains in a later stage and is frozen until then.

    Args:
        network: on ``device``; its batch norms see the whole batch from now on, see ``share_batch_norm``.
        optimizer: of ``network``, made after the choice of what trains.
        device: this process's.

    Raises:
        ScanError: if the optimizer moves nothing: there is nothing to share.
    """
    if not any(group["lr"] > 0 for group in optimizer.param_groups):
        raise ScanError("tune 'none' trains nothing that processes could share: run it without torchrun.")
    share_batch_norm(network.train())
    trained = [parameter for group in optimizer.param_groups for parameter in group["params"]]
    later = [parameter for parameter in trained if not parameter.requires_grad]
    for parameter in later:  # what is frozen now would be left out for good
        parameter.requires_grad_(True)
    shared = DistributedDataParallel(
        network, device_ids=[device] if device.type == "cuda" else None, find_unused_parameters=bool(later)
    )
    for parameter in later:
        parameter.requires_grad_(False)
    return shared


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


class WholeBatchLoss(nn.Module):
    """Compute a loss from all processes' answers and targets, as one process with the whole batch would.

    An average of the shares' losses is another number: Dice is no mean over patches, and a mean over labelled pixels
    weighs a share by how many it holds. Every process gets the same value. Its gradients are right once they are
    averaged over the processes (see ``gather_shares``), as ``DistributedDataParallel`` does.

    Args:
        loss: called with (answer, target).

    Shapes:
        answer (B, …) and target (B, …), or a mapping of such targets: this process's shares, B alike in all of them
        -> what ``loss`` gives.
    """

    def __init__(self, loss: nn.Module) -> None:
        super().__init__()
        self.loss = loss

    def forward(self, answer: torch.Tensor, target: torch.Tensor | Mapping[str, torch.Tensor]) -> torch.Tensor:
        if isinstance(target, Mapping):
            whole = {name: gather_shares(target[name]) for name in sorted(target)}
        else:
            whole = gather_shares(target)
        return self.loss(gather_shares(answer), whole)
