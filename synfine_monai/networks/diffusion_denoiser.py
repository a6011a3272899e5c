"""MONAI's diffusion U-Net, small and in the blocks of the U-Net of SynFine: removes noise and names the phases."""

from collections.abc import Sequence
from typing import Any

import torch
from monai.networks.nets import DiffusionModelUNet
from monai.networks.nets.diffusion_model_unet import (
    DiffusionUNetResnetBlock,
    DownBlock,
    UpBlock,
    get_timestep_embedding,
)
from torch import nn
from torch.nn.functional import pad, silu

from synfine_monai.networks.names import name_of


class DownLevel(nn.Module):
    """What leads into a resolution, then MONAI's residual blocks: the features behind each of them, for the way up."""

    def __init__(self, enter: nn.Module, block: DownBlock) -> None:
        super().__init__()
        block.downsampler = None  # the way into the next level is part of that level
        self.enter, self.block = enter, block

    def forward(self, x: torch.Tensor, emb: torch.Tensor) -> list[torch.Tensor]:
        entered = self.enter(x)
        return [entered, *self.block(entered, emb)[1]]


class UpLevel(nn.Module):
    """What leads into a resolution, then MONAI's residual blocks with the features of the way down, then ``leave``."""

    def __init__(self, enter: nn.Module, block: UpBlock, leave: nn.Module) -> None:
        super().__init__()
        block.upsampler = None
        self.enter, self.block, self.leave = enter, block, leave

    def forward(self, x: torch.Tensor, skips: list[torch.Tensor], emb: torch.Tensor) -> torch.Tensor:
        return self.leave(self.block(self.enter(x), skips, emb))


class LowestLevel(DownLevel):
    """The lowest resolution: the way down, the middle and the way up."""

    def __init__(self, enter: nn.Module, block: DownBlock, middle: nn.Module, up: UpLevel) -> None:
        super().__init__(enter, block)
        self.middle, self.up = middle, up

    def forward(self, x: torch.Tensor, emb: torch.Tensor) -> torch.Tensor:
        skips = super().forward(x, emb)
        return self.up(self.middle(skips[-1], emb), skips, emb)


class DiffusionBlocks(nn.Module):
    """The parts of MONAI's ``DiffusionModelUNet`` without attention, under the names that ``RockUNet``'s blocks have.

    Each of the three resolutions has one residual block on the way down and two on the way up. Those of the lowest
    one and the middle are ``down_2``; the last group norm is in ``up_1``. As in MONAI, the last convolution of every
    residual block is zero at the start.

    Args:
        num_classes: logits per pixel.
        channels: features at full, half and quarter resolution, multiples of ``norm_num_groups``.
        norm_num_groups: groups of the group normalisation.

    Raises:
        ValueError: if there is no class, or if the widths are not three, or no multiples.
    """

    def __init__(self, num_classes: int = 2, channels: Sequence[int] = (32, 48, 64), norm_num_groups: int = 8) -> None:
        super().__init__()
        if num_classes < 1:
            raise ValueError(f"{type(self).__name__} needs at least one class, got num_classes={num_classes}.")
        self.architecture: dict[str, Any] = {
            "_target_": name_of(type(self)),
            "num_classes": int(num_classes),
            "channels": [int(width) for width in channels],
            "norm_num_groups": int(norm_num_groups),
        }
        monai = DiffusionModelUNet(
            spatial_dims=2,
            in_channels=1,
            out_channels=1,
            num_res_blocks=1,
            channels=tuple(channels),
            attention_levels=(False,) * 3,
            norm_num_groups=norm_num_groups,
        )
        monai.middle_block.attention = nn.Identity()
        self._take(monai)
        self.head = nn.Conv2d(channels[0], num_classes, kernel_size=1)

    def _take(self, monai: DiffusionModelUNet) -> None:
        """The blocks of MONAI's network, cut where the resolution changes."""
        down = [monai.conv_in, *(block.downsampler for block in monai.down_blocks)]
        up = [nn.Identity(), *(block.upsampler for block in monai.up_blocks)]
        leave = [nn.Identity(), nn.Identity(), monai.out[:2]]
        levels = [UpLevel(*parts) for parts in zip(up[:3], monai.up_blocks, leave, strict=True)]
        self.down_0 = DownLevel(down[0], monai.down_blocks[0])
        self.down_1 = DownLevel(down[1], monai.down_blocks[1])
        self.down_2 = LowestLevel(down[2], monai.down_blocks[2], monai.middle_block, levels[0])
        self.up_0, self.up_1 = levels[1:]

    def features(self, image: torch.Tensor, emb: torch.Tensor) -> torch.Tensor:
        """(B, 1, H, W), H and W multiples of 4, and the embedded noise level (B, E) -> (B, channels[0], H, W)."""
        high = self.down_0(image, emb)
        mid = self.down_1(high[-1], emb)
        return self.up_1(self.up_0(self.down_2(mid[-1], emb), mid, emb), high, emb)

    def residual_blocks(self) -> list[DiffusionUNetResnetBlock]:
        """All residual blocks, in the order of their names."""
        return [module for module in self.modules() if isinstance(module, DiffusionUNetResnetBlock)]


class DiffusionSegmenter(DiffusionBlocks):
    """What a :class:`DiffusionDenoiser` is at one noise level, and a segmenter for fine-tuning like ``RockUNet``.

    It has the blocks that ``SEQUENTIAL`` and ``TRANSVERSAL`` name and no parameter for the noise level: two classes
    have 787,506. Its convolutions reach 68 pixels far, and group norm sees the whole image: a window of a slice gives
    other logits than the whole slice.

    Args: as :class:`DiffusionBlocks`.

    Shapes:
        image (B, 1, H, W), float, normalised, any H and W -> logits (B, num_classes, H, W). Sizes that 4 does not
        divide are padded inside by replicating the last row and column.
    """

    def __init__(self, num_classes: int = 2, channels: Sequence[int] = (32, 48, 64), norm_num_groups: int = 8) -> None:
        super().__init__(num_classes, channels, norm_num_groups)
        for block in self.residual_blocks():
            block.time_emb_proj = nn.Identity()  # the level is in the biases: zeros are added instead

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        height, width = image.shape[-2], image.shape[-1]
        below, right = -height % 4, -width % 4
        # a trace keeps the padding, so that an exported graph takes any size as well
        if torch.jit.is_tracing() or below + right > 0:
            image = pad(image, [0, right, 0, below], mode="replicate")
        return self.head(self.features(image, image.new_zeros(1, 1)))[..., :height, :width]


class DiffusionDenoiser(DiffusionBlocks):
    """MONAI's ``DiffusionModelUNet`` with a second head for the mask (Sauvalle & Salzmann 2024).

    The noise level shifts every channel behind the first convolution of every residual block. At one level this is a
    bias, so that the network is a plain :class:`DiffusionSegmenter` there (``at_level``). The image head is MONAI's
    last convolution, zero at the start. Two classes have 880,771 parameters.

    Args: as :class:`DiffusionBlocks`.

    Shapes:
        x (B, 1, H, W) noisy normalised image, H and W multiples of 4; timesteps (B,) noise levels
        -> (B, 1 + num_classes, H, W): what the schedule predicts of the image, then the logits of its mask.
    """

    def _take(self, monai: DiffusionModelUNet) -> None:
        super()._take(monai)
        self.time_embed, self.image_head = monai.time_embed, monai.out[2].conv

    def forward(self, x: torch.Tensor, timesteps: torch.Tensor) -> torch.Tensor:
        features = self.features(x, self._embedded(timesteps))
        return torch.cat([self.image_head(features), self.head(features)], dim=1)

    def _embedded(self, timesteps: torch.Tensor) -> torch.Tensor:
        waves = get_timestep_embedding(timesteps, self.time_embed[0].in_features)
        return self.time_embed(waves.to(self.head.weight.dtype))

    @torch.no_grad()
    def at_level(self, timestep: int = 0) -> DiffusionSegmenter:
        """The plain segmenter that this network is at one noise level, a copy: the shift is in its biases."""
        sizes = {name: value for name, value in self.architecture.items() if name != "_target_"}
        plain = DiffusionSegmenter(**sizes).to(self.head.weight)
        plain.load_state_dict({k: v for k, v in self.state_dict().items() if k in plain.state_dict()})
        level = silu(self._embedded(torch.tensor([timestep], device=self.head.weight.device)))
        for told, block in zip(self.residual_blocks(), plain.residual_blocks(), strict=True):
            block.conv1.conv.bias += told.time_emb_proj(level)[0]
        return plain.train(self.training)
