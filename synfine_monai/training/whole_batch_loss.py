"""The loss of a batch that several processes share."""

from collections.abc import Mapping

import torch
from torch import nn

from synfine_monai.networks import gather_shares

__all__ = ["WholeBatchLoss"]


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
