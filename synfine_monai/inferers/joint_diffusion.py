"""Sampling of patches together with their masks."""

import torch
from monai.inferers import Inferer
from monai.networks.schedulers import Scheduler
from torch import nn
from tqdm import tqdm

from synfine_monai.errors import ScanError
from synfine_monai.inferers.mixed_precision import MixedPrecisionInferer
from synfine_monai.training import expected_image

__all__ = ["JointDiffusionInferer"]


class JointDiffusionInferer(Inferer):
    """Turn noise into patches, step by step, and read their masks off the network on the way.

    The mask is the likeliest class by the probabilities of the last levels, averaged: it is not diffused itself, as it
    follows from the image.

    Args:
        scheduler: MONAI's DDIM scheduler, set up as in training.
        steps: noise levels that are visited, 2 to those of training.
        mask_levels: how many of the last ones the mask is read from, 1 to ``steps``.
        precision: of the network, see ``MixedPrecisionInferer``.
        batch_size: patches at a time.

    Shapes:
        inputs (N, 1, H, W) noise -> "image" (N, 1, H, W) float32 and "label" (N, 1, H, W) uint8 classes, on the CPU.

    Raises:
        ScanError: if a number is out of range.
    """

    def __init__(
        self, scheduler: Scheduler, steps: int = 50, mask_levels: int = 1, precision: str = "auto", batch_size: int = 64
    ) -> None:
        super().__init__()
        if not 1 <= mask_levels <= steps or not 2 <= steps <= scheduler.num_train_timesteps:
            raise ScanError(
                f"sampling takes 2 to {scheduler.num_train_timesteps} steps and masks from 1 to all of them, got "
                f"{steps} and {mask_levels}."
            )
        self.scheduler, self.steps, self.mask_levels = scheduler, int(steps), int(mask_levels)
        self.call, self.batch_size = MixedPrecisionInferer(precision=precision), int(batch_size)

    @torch.no_grad()
    def __call__(self, inputs: torch.Tensor, network: nn.Module) -> dict[str, torch.Tensor]:
        """Sample one pair for each patch of noise by a denoiser: (noisy, timesteps) -> image and logits."""
        device, made = next(network.parameters()).device, []
        with tqdm(total=len(inputs), desc="Sampling pairs", unit="patch") as progress:
            for noise in inputs.split(self.batch_size):
                made.append(self._sample(noise.to(device), network))
                progress.update(len(noise))
        images, masks = zip(*made, strict=True)
        return {"image": torch.cat(images), "label": torch.cat(masks)}

    def _sample(self, noisy: torch.Tensor, network: nn.Module) -> tuple[torch.Tensor, torch.Tensor]:
        self.scheduler.set_timesteps(self.steps, device=noisy.device)
        levels, probabilities = self.scheduler.timesteps, torch.zeros((), device=noisy.device)
        for number, level in enumerate(levels):
            timesteps = level.expand(len(noisy)).to(noisy.device)
            answer = self.call(noisy, network, timesteps)
            velocity, logits = answer[:, :1], answer[:, 1:]
            if number >= self.steps - self.mask_levels:
                probabilities = probabilities + logits.softmax(1)
            if number < self.steps - 1:
                noisy, _ = self.scheduler.step(velocity, int(level), noisy)
        image = expected_image(self.scheduler, noisy, velocity, timesteps)
        return image.float().cpu(), probabilities.argmax(1, keepdim=True).to(torch.uint8).cpu()
