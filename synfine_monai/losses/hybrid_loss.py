"""One loss for removing noise and naming phases: what is told of the mask weighs by how noisy the image is."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

import torch
from monai.networks.schedulers import Scheduler
from torch import nn
from torch.nn.functional import cross_entropy, mse_loss

from synfine_monai.errors import ScanError

MASK_SCHEDULES: Mapping[str, Callable[[torch.Tensor], torch.Tensor]] = MappingProxyType(
    {"constant": torch.ones_like, "sqrt_alpha": torch.sqrt, "alpha": torch.clone, "clean": lambda alpha: alpha**4}
)
r"""Name -> weight of a patch's mask, from the share :math:`\bar\alpha_t` of signal in its image (1 clean, 0 noise)."""


class HybridLoss(nn.Module):
    r"""Denoising error plus cross-entropy of the mask (Sauvalle & Salzmann 2024).

    .. math:: \lambda_x \, \mathrm{mean}(\hat y - y)^2 + \lambda_m \, \mathrm{mean}(w(t) \, \mathrm{CE}(\hat m, m))

    The first mean is over all pixels, the second over the labelled ones; w(t) is not divided out, so that a noisy patch
    counts less in absolute terms. A term of weight 0 is not computed. In float32, also under autocast.

    Args:
        scheduler: MONAI's noise schedule, whose ``alphas_cumprod`` tells how much signal a level leaves.
        image_weight: λ_x of the denoising error, ≥ 0.
        mask_weight: λ_m of the cross-entropy, ≥ 0.
        mask_schedule: w(t), a name of ``MASK_SCHEDULES``.
        ignore_index: the label that counts nowhere.

    Shapes:
        answer (B, 1 + K, H, W) of a denoiser, the image first; target: "image" (B, 1, H, W), what the schedule
        predicts, "mask" (B, 1, H, W) integers 0…K−1 or ``ignore_index``, "timesteps" (B,) -> scalar float32.

    Raises:
        ScanError: if the schedule is unknown.
        ValueError: if a weight is negative, or both are zero.
    """

    def __init__(
        self,
        scheduler: Scheduler,
        image_weight: float = 1.0,
        mask_weight: float = 0.1,
        mask_schedule: str = "constant",
        ignore_index: int = 255,
    ) -> None:
        super().__init__()
        if min(image_weight, mask_weight) < 0 or image_weight + mask_weight <= 0:
            raise ValueError(f"the loss needs a positive term, got image {image_weight} and mask {mask_weight}.")
        if mask_schedule not in MASK_SCHEDULES:
            raise ScanError(f"mask_schedule '{mask_schedule}' is unknown: choose {', '.join(MASK_SCHEDULES)}.")
        self.image_weight, self.mask_weight = float(image_weight), float(mask_weight)
        self.ignore_index = int(ignore_index)
        self.register_buffer("level_weights", MASK_SCHEDULES[mask_schedule](scheduler.alphas_cumprod.detach().cpu()))

    def forward(self, answer: torch.Tensor, target: Mapping[str, torch.Tensor]) -> torch.Tensor:
        with torch.autocast(answer.device.type, enabled=False):
            image, logits = answer.float().split([1, answer.shape[1] - 1], dim=1)
            loss = answer.new_zeros((), dtype=torch.float32)
            if self.image_weight > 0:
                loss = loss + self.image_weight * mse_loss(image, target["image"].float())
            if self.mask_weight > 0:
                loss = loss + self.mask_weight * self._mask_term(logits, target["mask"][:, 0], target["timesteps"])
        return loss

    def _mask_term(self, logits: torch.Tensor, mask: torch.Tensor, timesteps: torch.Tensor) -> torch.Tensor:
        """Mean over labelled pixels, each weighted by its patch's level; 0 where nothing is labelled."""
        by_pixel = cross_entropy(logits, mask.long(), ignore_index=self.ignore_index, reduction="none")
        weights = self.level_weights.to(logits.device)[timesteps]
        labelled = (mask != self.ignore_index).sum()
        return (weights * by_pixel.flatten(1).sum(1)).sum() / labelled.clamp_min(1)
