"""The network that tuning started from, as a teacher of the one that is tuned."""

from collections.abc import Callable, Mapping
from typing import Any

import torch
from monai.engines import PrepareBatch
from torch import nn


class TeacherPrepareBatch(PrepareBatch):
    """Images and labels of a batch, and what a teacher answers to the same images, augmented as they are.

    Args:
        teacher: asked without gradients; None: the target is the label alone.
        inferer: how the teacher is run, as the network is: called with (images, teacher).
    """

    def __init__(self, teacher: nn.Module | None, inferer: Callable[[torch.Tensor, nn.Module], torch.Tensor]) -> None:
        self.teacher, self.inferer = teacher, inferer

    def __call__(
        self,
        batchdata: Mapping[str, torch.Tensor],
        device: str | torch.device | None = None,
        non_blocking: bool = False,
        **kwargs: Any,
    ) -> tuple[torch.Tensor, Any]:
        image, label = (batchdata[key].to(device, non_blocking=non_blocking) for key in ("image", "label"))
        if self.teacher is None:
            return image, label
        with torch.no_grad():
            return image, {"label": label, "teacher": self.inferer(image, self.teacher)}
