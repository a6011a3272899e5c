"""Windows without labels, made noisy, beside the labelled ones of a step."""

from collections.abc import Mapping
from typing import Any

import torch
from monai.engines import PrepareBatch
from monai.networks.schedulers import Scheduler

from synfine_monai.conventions import UNLABELLED
from synfine_monai.training.denoiser_training import answer_for


class DenoisingPrepareBatch(PrepareBatch):
    """What another ``PrepareBatch`` makes of a batch, and its windows without any label once more, noisy.

    Noise and levels come with the batch (``RandDiffuseBatchd``), so that a resumed run sees the same.

    Args:
        prepare: makes image and target; a target that is no mapping becomes the "label" of one.
        scheduler: the noise schedule; its ``prediction_type`` says what is predicted.
    """

    def __init__(self, prepare: PrepareBatch, scheduler: Scheduler) -> None:
        self.prepare, self.scheduler = prepare, scheduler

    def __call__(
        self,
        batchdata: Mapping[str, torch.Tensor],
        device: str | torch.device | None = None,
        non_blocking: bool = False,
        **kwargs: Any,
    ) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
        image, target = self.prepare(batchdata, device, non_blocking, **kwargs)
        target = dict(target) if isinstance(target, Mapping) else {"label": target}
        free = (batchdata["label"] == UNLABELLED).flatten(1).all(1)
        clean, noise, timesteps = (
            values[free].to(device, non_blocking=non_blocking)
            for values in (batchdata["image"], batchdata["noise"], batchdata["timesteps"])
        )
        noisy = self.scheduler.add_noise(clean, noise, timesteps)
        answer = answer_for(self.scheduler, clean, noise, timesteps)
        return image, {**target, "noisy": noisy, "timesteps": timesteps, "answer": answer}
