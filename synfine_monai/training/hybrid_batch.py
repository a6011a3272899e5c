"""What a trainer feeds to a rock denoiser, what it should answer, and what an answer says about the image."""

from collections.abc import Mapping
from typing import Any

import torch
from monai.engines import PrepareBatch
from monai.networks.schedulers import Scheduler
from monai.networks.schedulers.ddim import DDIMPredictionType

__all__ = ["HybridPrepareBatch", "answer_for", "expected_image"]


class HybridPrepareBatch(PrepareBatch):
    """Noisy images as input; as target what the schedule predicts, the mask and the noise level.

    Noise and levels come with the batch (``RandDiffuseBatchd``), so that a resumed run sees the same. Level 0 is the
    image as it is, without the speck of noise that schedules have there.

    Args:
        scheduler: the noise schedule; its ``prediction_type`` says what is predicted.
    """

    def __init__(self, scheduler: Scheduler) -> None:
        self.scheduler = scheduler

    def __call__(
        self,
        batchdata: Mapping[str, torch.Tensor],
        device: str | torch.device | None = None,
        non_blocking: bool = False,
        **kwargs: Any,
    ) -> tuple[torch.Tensor, dict[str, torch.Tensor], tuple, dict[str, torch.Tensor]]:
        batch = {key: value.to(device, non_blocking=non_blocking) for key, value in batchdata.items()}
        image, timesteps = batch["image"], batch["timesteps"]
        clean = (timesteps == 0).view(-1, 1, 1, 1)
        noise = batch["noise"].masked_fill(clean, 0.0)
        seen = torch.where(clean, image, self.scheduler.add_noise(image, noise, timesteps))
        target = answer_for(self.scheduler, image, noise, timesteps)
        return seen, {"image": target, "mask": batch["label"], "timesteps": timesteps}, (), {"timesteps": timesteps}


def answer_for(scheduler: Scheduler, image: torch.Tensor, noise: torch.Tensor, timesteps: torch.Tensor) -> torch.Tensor:
    """What a perfect network would answer, which knew image and noise: the noise ε, or the velocity v.

    Raises:
        ValueError: if the schedule predicts anything else.
    """
    if scheduler.prediction_type == DDIMPredictionType.EPSILON:
        return noise
    if scheduler.prediction_type == DDIMPredictionType.V_PREDICTION:
        return scheduler.get_velocity(image, noise, timesteps)
    raise ValueError(f"a rock denoiser predicts epsilon or v_prediction, and not {scheduler.prediction_type}.")


def expected_image(
    scheduler: Scheduler, noisy: torch.Tensor, answer: torch.Tensor, timesteps: torch.Tensor
) -> torch.Tensor:
    r"""The mean of all clean images that the noisy one may come from, E[x | x_t], by a network's answer.

    With :math:`x_t = \sqrt{\bar\alpha} x + \sqrt{1 - \bar\alpha} \epsilon` this is
    :math:`(x_t - \sqrt{1 - \bar\alpha} \epsilon) / \sqrt{\bar\alpha}`, or :math:`\sqrt{\bar\alpha} x_t -
    \sqrt{1 - \bar\alpha} v`.

    Shapes:
        noisy and answer (B, 1, H, W); timesteps (B,) -> (B, 1, H, W).

    Source: Salimans & Ho, Progressive Distillation (ICLR 2022), appendix D.
    """
    signal = scheduler.alphas_cumprod.to(noisy)[timesteps].view(-1, 1, 1, 1)
    if scheduler.prediction_type == DDIMPredictionType.EPSILON:
        return (noisy - (1 - signal).sqrt() * answer) / signal.sqrt()
    return signal.sqrt() * noisy - (1 - signal).sqrt() * answer
