"""How well a denoiser knows some images: its loss on them, under noise that is the same for everyone."""

from collections.abc import Sequence

import torch
from monai.networks.schedulers import Scheduler
from torch.nn.functional import mse_loss
from tqdm import tqdm

from synfine_monai.inferers.mixed_precision import MixedPrecisionInferer
from synfine_monai.networks import StyledDenoiser
from synfine_monai.transforms import RandDiffuseBatchd

__all__ = ["denoising_losses"]


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
