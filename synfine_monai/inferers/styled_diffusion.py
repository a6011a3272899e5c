"""Sampling of patches from masks and a style."""

import torch
from monai.inferers import Inferer
from monai.networks.schedulers import Scheduler
from torch import nn
from tqdm import tqdm

from synfine_monai.inferers.mixed_precision import MixedPrecisionInferer

__all__ = ["StyledDiffusionInferer"]


class StyledDiffusionInferer(Inferer):
    """Turn noise into patches, step by step; MONAI's ``DiffusionInferer`` knows neither styles nor a label map.

    Args:
        scheduler: MONAI's DDIM scheduler (or another with the same ``step``), set up as in training.
        steps: noise levels that are visited, 1 to those of training.
        guidance: how much further than its conditions say a sample goes from what the network does without mask and
            style: 1 is no guidance and half the cost.
        precision: of the network, see ``MixedPrecisionInferer``.
        batch_size: patches at a time.

    Shapes:
        inputs (N, 1, H, W) noise; mask (N, 1, H, W) uint8 phases; style (dim,) vector, int row, or None for any style
        -> (N, 1, H, W) float32 images on the CPU.
    """

    def __init__(
        self,
        scheduler: Scheduler,
        steps: int = 25,
        guidance: float = 1.0,
        precision: str = "auto",
        batch_size: int = 64,
    ) -> None:
        super().__init__()
        self.scheduler, self.steps, self.guidance = scheduler, int(steps), float(guidance)
        self.call, self.batch_size = MixedPrecisionInferer(precision=precision), int(batch_size)

    @torch.no_grad()
    def __call__(
        self, inputs: torch.Tensor, network: nn.Module, mask: torch.Tensor, style: torch.Tensor | int | None = None
    ) -> torch.Tensor:
        """Sample one image for each mask."""
        device = next(network.parameters()).device
        made = []
        with tqdm(total=len(inputs), desc="Sampling", unit="patch") as progress:
            for noise, shown in zip(inputs.split(self.batch_size), mask.split(self.batch_size), strict=True):
                made.append(
                    self._sample(noise.to(device), network, shown.to(device), _repeated(style, len(noise), device))
                )
                progress.update(len(noise))
        return torch.cat(made)

    def _sample(
        self, image: torch.Tensor, network: nn.Module, mask: torch.Tensor, style: torch.Tensor | None
    ) -> torch.Tensor:
        self.scheduler.set_timesteps(self.steps, device=image.device)
        for level in self.scheduler.timesteps:
            timesteps = level.expand(len(image)).to(image.device)
            answer = self.call(image, network, timesteps, mask, style)
            if self.guidance != 1:
                without = self.call(image, network, timesteps)
                answer = without + self.guidance * (answer - without)
            image, _ = self.scheduler.step(answer, int(level), image)
        return image.float().cpu()


def _repeated(style: torch.Tensor | int | None, count: int, device: torch.device) -> torch.Tensor | None:
    if style is None:
        return None
    vectors = torch.as_tensor(style, device=device)
    return vectors.expand(count, *vectors.shape)
