"""What a trainer feeds to a styled denoiser, and what it should answer."""

from collections.abc import Mapping
from typing import Any

import torch
from monai.engines import PrepareBatch
from monai.networks.schedulers import Scheduler

__all__ = ["StyledPrepareBatch"]


class StyledPrepareBatch(PrepareBatch):
    """Noisy images as input, their velocity as target, noise level, mask and style as further arguments.

    MONAI's own ``VPredictionPrepareBatch`` draws the noise itself, from a state that a resumed run does not have; here
    it comes with the batch (``RandDiffuseBatchd``).

    Args:
        scheduler: the noise schedule; its ``get_velocity`` is the target (Salimans & Ho 2022, v-prediction).
    """

    def __init__(self, scheduler: Scheduler) -> None:
        self.scheduler = scheduler

    def __call__(
        self,
        batchdata: Mapping[str, torch.Tensor],
        device: str | torch.device | None = None,
        non_blocking: bool = False,
        **kwargs: Any,
    ) -> tuple[torch.Tensor, torch.Tensor, tuple, dict[str, torch.Tensor]]:
        batch = {key: value.to(device, non_blocking=non_blocking) for key, value in batchdata.items()}
        image, noise, timesteps = batch["image"], batch["noise"], batch["timesteps"]
        noisy = self.scheduler.add_noise(image, noise, timesteps)
        target = self.scheduler.get_velocity(image, noise, timesteps)
        given = {"timesteps": timesteps, "mask": batch["label"]}
        return noisy, target, (), given | ({"style": batch["style"]} if "style" in batch else {})
