"""Batch norm over the whole batch that several processes share, whose tensors are put together in each of them."""

from typing import Any

import torch
from torch import distributed, nn
from torch.autograd import Function


class WholeBatchNorm2d(nn.BatchNorm2d):
    """Batch norm with the mean and variance of all processes' shares, what ``torch.nn.SyncBatchNorm`` is on GPUs alone.

    Running statistics are those of one process with the whole batch. In evaluation it is ``BatchNorm2d``.

    Args, shapes: as ``torch.nn.BatchNorm2d``, with scale, shift, running statistics and a momentum; the processes'
    shares must be of equal size.
    """

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        if not self.training:
            return super().forward(image)
        variance, mean = torch.var_mean(image.float(), dim=(0, 2, 3), correction=0)
        means, variances = gather_shares(torch.stack([mean, variance])[None]).unbind(1)
        mean, variance = means.mean(0), variances.mean(0) + means.var(0, correction=0)
        self._remember(mean.detach(), variance.detach(), image.numel() // image.shape[1] * len(means))
        scale = (variance + self.eps).rsqrt() * self.weight
        shift = self.bias - mean * scale
        return torch.addcmul(_over_pixels(shift), image.float(), _over_pixels(scale)).to(image.dtype)

    @torch.no_grad()
    def _remember(self, mean: torch.Tensor, variance: torch.Tensor, count: int) -> None:
        """Move the running statistics towards these, the variance made unbiased for ``count`` pixels."""
        self.num_batches_tracked.add_(1)
        self.running_mean.lerp_(mean, self.momentum)
        self.running_var.lerp_(variance * count / (count - 1), self.momentum)


def share_batch_norm(network: nn.Module) -> nn.Module:
    """Let every batch norm of ``network`` that is in training mode see the whole batch; frozen ones stay as they are.

    On GPUs they become ``torch.nn.SyncBatchNorm``, elsewhere :class:`WholeBatchNorm2d`. Parameters and buffers are the
    same objects as before, so an optimizer that holds them goes on training them, and their names do not change.

    Returns:
        ``network``, changed in place.
    """
    for parent in network.modules():
        for name, child in parent.named_children():
            if type(child) is nn.BatchNorm2d and child.training:
                on_gpu = child.running_mean.is_cuda
                setattr(parent, name, nn.SyncBatchNorm.convert_sync_batchnorm(child) if on_gpu else _shared(child))
    return network


def _shared(norm: nn.BatchNorm2d) -> WholeBatchNorm2d:
    shared = WholeBatchNorm2d(norm.num_features, norm.eps, norm.momentum)
    for name, tensor in (*norm.named_parameters(recurse=False), *norm.named_buffers(recurse=False)):
        setattr(shared, name, tensor)
    return shared


def _over_pixels(values: torch.Tensor) -> torch.Tensor:
    return values.view(1, -1, 1, 1)


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
