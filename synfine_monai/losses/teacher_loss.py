"""A loss on labels, and a teacher on all voxels: what labels do not say stays as the teacher knows it."""

from collections.abc import Mapping

import torch
from torch import nn
from torch.nn.functional import kl_div


class TeacherLoss(nn.Module):
    r"""A loss on labels plus the Kullback-Leibler divergence from a teacher's probabilities to the network's.

    .. math:: L(z, y) + w \, \mathrm{mean}_v \sum_k q_k \ln(q_k / p_k)

    with p = softmax(z), q the teacher's, and the mean over all voxels, labelled or not. In float32, also under
    autocast. With weight 0, or a target without a teacher, it is the loss on labels alone.

    Args:
        loss: called with (logits, label).
        weight: w of the divergence, >= 0.

    Shapes:
        logits (B, K, H, W); target: what ``loss`` takes, or a mapping with that as "label" and "teacher" logits
        (B, K, H, W) -> scalar float32.

    Raises:
        ValueError: if the weight is negative.

    Source: Li & Hoiem, Learning without Forgetting (ECCV 2016), at temperature 1 and on unlabelled voxels as well.
    """

    def __init__(self, loss: nn.Module, weight: float = 1.0) -> None:
        super().__init__()
        if not weight >= 0:
            raise ValueError(f"the teacher's weight must not be negative, got {weight}.")
        self.loss, self.weight = loss, float(weight)

    def forward(self, logits: torch.Tensor, target: torch.Tensor | Mapping[str, torch.Tensor]) -> torch.Tensor:
        if not isinstance(target, Mapping):
            return self.loss(logits, target)
        on_labels = self.loss(logits, target["label"])
        if not self.weight:
            return on_labels
        logits, teacher = (each.as_subclass(torch.Tensor).float() for each in (logits, target["teacher"]))
        with torch.autocast(logits.device.type, enabled=False):
            apart = kl_div(logits.log_softmax(1), teacher.log_softmax(1), reduction="none", log_target=True)
        return on_labels + self.weight * apart.sum(1).mean()
