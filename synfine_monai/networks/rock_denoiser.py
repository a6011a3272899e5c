"""The U-Net of SynFine that knows how noisy its image is: one network removes the noise and names the phases."""

from collections.abc import Sequence
from typing import Any

import torch
from monai.networks.nets.basic_unet import TwoConv
from monai.networks.nets.diffusion_model_unet import get_timestep_embedding
from torch import nn
from torch.nn.functional import silu

from synfine_monai.networks.names import name_of
from synfine_monai.networks.rock_unet import RockUNet

WAVES = 32


class NoiseLevelShift(nn.Module):
    """A shift a channel for every noise level, zero at level 0 whatever the weights, and zero everywhere at the start.

    The sines and cosines of a level, less those of level 0, go through two linear maps without biases and a SiLU.

    Args:
        widths: channels of each block.
        features: hidden features that the blocks share.

    Shapes:
        timesteps (B,), noise levels from 0 -> one (B, width) shift a block.
    """

    def __init__(self, widths: Sequence[int], features: int = 16) -> None:
        super().__init__()
        self.widths = list(widths)
        self.hidden = nn.Linear(WAVES, features, bias=False)
        self.shifts = nn.Linear(features, sum(self.widths), bias=False)
        nn.init.zeros_(self.shifts.weight)

    def forward(self, timesteps: torch.Tensor) -> tuple[torch.Tensor, ...]:
        waves = get_timestep_embedding(timesteps, WAVES) - get_timestep_embedding(torch.zeros_like(timesteps), WAVES)
        return self.shifts(silu(self.hidden(waves))).split(self.widths, dim=1)


class RockDenoiser(RockUNet):
    """:class:`RockUNet` with a second head for the image, told the noise level (Sauvalle & Salzmann 2024).

    The noise level shifts every channel behind the first batch norm of every block. At one level this is a bias, so
    that the network is a plain :class:`RockUNet` there (``at_level``); at level 0 the shift is zero, so that training
    on clean images alone is plain segmentation training. Beyond the plain network's parameters there are 5,632 for the
    noise level and 33 for the image: two classes have 472,931.

    Args:
        num_classes: logits per pixel.
        channels: features at full, half and quarter resolution.
        level_features: hidden features of the noise level.

    Shapes:
        x (B, 1, H, W) noisy normalised image, H and W multiples of 4; timesteps (B,) noise levels
        -> (B, 1 + num_classes, H, W): what the schedule predicts of the image, then the logits of its mask.
    """

    def __init__(self, num_classes: int = 2, channels: Sequence[int] = (32, 64, 128), level_features: int = 16) -> None:
        super().__init__(1, num_classes, channels)
        self.architecture: dict[str, Any] = {
            "_target_": name_of(type(self)),
            "num_classes": int(num_classes),
            "channels": [int(width) for width in channels],
            "level_features": int(level_features),
        }
        self.image_head = nn.Conv2d(channels[0], 1, kernel_size=1)
        self.level = NoiseLevelShift([block.conv_0.conv.out_channels for block in _blocks(self)], level_features)

    def forward(self, x: torch.Tensor, timesteps: torch.Tensor) -> torch.Tensor:
        shift = iter(self.level(timesteps))
        high = _shifted(self.down_0, x, next(shift))
        mid = _shifted(self.down_1.convs, self.down_1.max_pooling(high), next(shift))
        low = _shifted(self.down_2.convs, self.down_2.max_pooling(mid), next(shift))
        up = _shifted(self.up_0.convs, torch.cat([mid, self.up_0.upsample(low)], dim=1), next(shift))
        up = _shifted(self.up_1.convs, torch.cat([high, self.up_1.upsample(up)], dim=1), next(shift))
        return torch.cat([self.image_head(up), self.head(up)], dim=1)

    @torch.no_grad()
    def at_level(self, timestep: int = 0) -> RockUNet:
        """The plain segmenter that this network is at one noise level, a copy: the shift is in its batch norms."""
        names = self.architecture
        plain = RockUNet(1, names["num_classes"], names["channels"]).to(self.head.weight)
        plain.load_state_dict({k: v for k, v in self.state_dict().items() if k in plain.state_dict()})
        shifts = self.level(torch.tensor([timestep], device=self.head.weight.device))
        for block, shift in zip(_blocks(plain), shifts, strict=True):
            block.conv_0.adn.N.bias += shift[0]
        return plain.train(self.training)


def _blocks(network: RockUNet) -> tuple[TwoConv, ...]:
    return network.down_0, network.down_1.convs, network.down_2.convs, network.up_0.convs, network.up_1.convs


def _shifted(block: TwoConv, features: torch.Tensor, shift: torch.Tensor) -> torch.Tensor:
    """A block whose first batch norm's outcome is shifted, before the ReLU."""
    first = block.conv_0
    normalised = first.adn.N(first.conv(features)) + shift[:, :, None, None]
    return block.conv_1(first.adn.A(normalised))
