"""What several processes hold of one batch, put together in each of them, and the way back for gradients."""

from typing import Any

import torch
from torch import distributed
from torch.autograd import Function

__all__ = ["gather_shares"]


def gather_shares(share: torch.Tensor) -> torch.Tensor:
    """All processes' shares along the first axis, in the order of their ranks.

    Backward adds up what all processes ask of a share, so that where each computes the same loss from the gathered
    tensor, a share's gradient is ``world_size`` times the loss's. The average that ``DistributedDataParallel`` takes
    over the processes makes that the gradient of one process with all shares.

    Args:
        share: this process's, of the same shape and dtype in every process.

    Returns:
        (world_size · B, …) for a share (B, …); the share itself where no process group is running, or one of a single
        process.
    """
    if not distributed.is_initialized() or distributed.get_world_size() == 1:
        return share
    return _GatherShares.apply(share.as_subclass(torch.Tensor))


class _GatherShares(Function):
    """As ``torch.distributed.nn.functional.all_gather``, which torch 2.13 deprecates in favour of a private module."""

    @staticmethod
    def forward(ctx: Any, share: torch.Tensor) -> torch.Tensor:
        share = share.contiguous()
        shares = [torch.empty_like(share) for _ in range(distributed.get_world_size())]
        distributed.all_gather(shares, share)
        return torch.cat(shares)

    @staticmethod
    def backward(ctx: Any, gradient: torch.Tensor) -> torch.Tensor:
        total = gradient.clone(memory_format=torch.contiguous_format)
        distributed.all_reduce(total)
        return total.chunk(distributed.get_world_size())[distributed.get_rank()]
