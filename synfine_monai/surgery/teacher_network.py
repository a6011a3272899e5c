"""The network of a checkpoint as a teacher of a task's classes: classes that the task merges, merged exactly."""

import copy
from collections.abc import Sequence
from pathlib import Path

import torch
from torch import nn

from synfine_monai.networks import load_network, read_model_info
from synfine_monai.surgery.head import class_sources


class MergedClasses(nn.Module):
    """A network whose classes are merged: the logit of a union is the logarithm of the sum of exponentials.

    A head of one row a class cannot say that: the mean of two rows, which fine-tuning starts from, gives too little to
    a voxel that is certainly one of them.

    Args:
        network: gives logits (B, S, H, W).
        sources: for each class, the classes of ``network`` that it covers; at least one.

    Shapes:
        (B, 1, H, W) -> (B, K, H, W).
    """

    def __init__(self, network: nn.Module, sources: Sequence[Sequence[int]]) -> None:
        super().__init__()
        self.network, self.sources = network, [list(source) for source in sources]

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        logits = self.network(image)
        return torch.stack([logits[:, source].float().logsumexp(1) for source in self.sources], dim=1)


def teacher_network(network: nn.Module, checkpoint: Path | None, phases: Sequence[Sequence[str]]) -> nn.Module:
    """What was known before tuning, in evaluation mode and without gradients.

    Args:
        network: as tuning starts from it; copied where the checkpoint does not tell all classes apart, or is None.
        checkpoint: the ``model.pt`` that it was loaded from.
        phases: for each class of the task, the generator's phases that it covers.
    """
    own = copy.deepcopy(network)
    if checkpoint is not None:
        sources, undecided = class_sources(read_model_info(checkpoint)["phases"], phases)
        device = next(network.parameters()).device
        own = own if undecided else MergedClasses(load_network(checkpoint).to(device), sources)
    return own.eval().requires_grad_(False)
