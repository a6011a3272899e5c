"""Inference with denoisers: images in a style, images with their masks, and the loss at each noise level."""

from collections.abc import Sequence

import torch
from monai.inferers import Inferer
from monai.networks.schedulers import Scheduler
from torch import nn
from torch.nn.functional import mse_loss
from tqdm import tqdm

from synfine_monai.errors import ScanError
from synfine_monai.inferers.mixed_precision import MixedPrecisionInferer
from synfine_monai.networks import StyledDenoiser
from synfine_monai.training import expected_image
from synfine_monai.transforms import RandDiffuseBatchd


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


@torch.no_grad()
def denoising_losses(
    network: StyledDenoiser,
    scheduler: Scheduler,
    images: torch.Tensor,
    masks: torch.Tensor,
    styles: Sequence[torch.Tensor],
    repeats: int = 2,
    seed: int = 0,
    precision: str = "auto",
) -> list[float]:
    """Mean squared error of the velocity, for each of some styles.

    Noise and noise levels (spread evenly over all of them) are drawn once, so that styles differ by themselves alone.

    Args:
        network: the denoiser.
        scheduler: MONAI's noise schedule, as in training.
        images: (N, 1, H, W) float32, normalised.
        masks: (N, 1, H, W) uint8 phases, 255 where not told.
        styles: (dim,) vectors.
        repeats: how often every image is seen, each time under another noise.
        seed: of the noise.
        precision: see ``MixedPrecisionInferer``.

    Returns:
        One loss a style, about 0 to 1.
    """
    device = next(network.parameters()).device
    diffuse = RandDiffuseBatchd(levels=scheduler.num_train_timesteps).set_random_state(seed=seed)
    seen = [diffuse({"image": images, "mask": masks}) for _ in range(repeats)]
    batch = {key: torch.cat([each[key] for each in seen]).to(device) for key in seen[0]}
    image, noise, levels = batch["image"], batch["noise"], batch["timesteps"]
    noisy, wanted = scheduler.add_noise(image, noise, levels), scheduler.get_velocity(image, noise, levels)
    call, losses = MixedPrecisionInferer(precision=precision), []
    for style in tqdm(styles, desc="Denoising in every style", unit="style", leave=False):
        answer = call(noisy, network, levels, batch["mask"], style.to(device).expand(len(noisy), -1))
        losses.append(float(mse_loss(answer, wanted)))
    return losses
