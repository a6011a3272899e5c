"""A loss on masks, and beside it the error of the same network's second head in removing noise from other windows."""

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import nn
from torch.nn.functional import mse_loss


class DenoisingLoss(nn.Module):
    r"""A loss on masks plus the denoising error of windows that need no label (Sauvalle & Salzmann 2024, eq. 5).

    .. math:: L(z, y) + \lambda_x \, \mathrm{mean}(\hat y - y)^2

    The windows are seen noisy by a denoiser whose blocks are the segmenter's own, so that both terms train them. With
    weight 0, or a target without noisy windows, it is the first loss alone. In float32, also under autocast.

    Args:
        loss: called with (logits, target).
        denoiser: answers (noisy, timesteps) with (B, 1 + K, H, W), the image first.
        inferer: how the denoiser is run, as the network is: called with (noisy, denoiser, timesteps).
        weight: λ_x, >= 0.

    Shapes:
        logits (B, K, H, W); target: what ``loss`` takes, or a mapping with beside it "noisy" (N, 1, H, W),
        "timesteps" (N,) and "answer" (N, 1, H, W), N >= 0 -> scalar float32.

    Raises:
        ValueError: if the weight is negative.
    """

    def __init__(
        self, loss: nn.Module, denoiser: nn.Module, inferer: Callable[..., torch.Tensor], weight: float = 0.1
    ) -> None:
        super().__init__()
        if not weight >= 0:
            raise ValueError(f"the weight of denoising must not be negative, got {weight}.")
        self.loss, self.denoiser, self.inferer, self.weight = loss, denoiser, inferer, float(weight)

    def forward(self, logits: torch.Tensor, target: torch.Tensor | Mapping[str, Any]) -> torch.Tensor:
        on_masks = self.loss(logits, target)
        if not self.weight or not isinstance(target, Mapping) or not len(target.get("noisy", ())):
            return on_masks
        found = self.inferer(target["noisy"], self.denoiser, target["timesteps"])[:, :1]
        with torch.autocast(logits.device.type, enabled=False):
            return on_masks + self.weight * mse_loss(found.float(), target["answer"].float())
