"""A small diffusion network that removes noise from a patch, given its mask and its style."""

import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from monai.networks.nets import DiffusionModelUNet
from torch import nn
from torch.nn.functional import one_hot, pixel_shuffle, pixel_unshuffle

from synfine_monai.conventions import PHASES
from synfine_monai.errors import ScanError
from synfine_monai.networks.model_file import load_network
from synfine_monai.networks.names import name_of

NO_MASK = 255
"""Label of a voxel whose phase is not told."""


class StyleTable(nn.Embedding):
    """Rows of an embedding by index; a vector that is given instead of an index stands for itself."""

    def forward(self, style: torch.Tensor) -> torch.Tensor:
        """(B,) int64 indices or (B, dim) float vectors -> (B, dim)."""
        return style if style.is_floating_point() else super().forward(style)


class StyledDenoiser(DiffusionModelUNet):
    """MONAI's ``DiffusionModelUNet`` with the mask as further input channels and one embedding row a style.

    Cells of 2×2 voxels are folded into channels, so that the network works at half the resolution: a quarter of the
    cost, and noise on single voxels is still within its reach.

    Args:
        phases: phases that a mask may name.
        styles: known styles; one row more stands for "any style".
        channels: widths of the levels, each a multiple of ``norm_num_groups``.
        num_res_blocks: residual blocks a level.
        norm_num_groups: groups of the group normalisation.

    Shapes:
        x (B, 1, H, W) noisy image, H and W multiples of 2^levels; timesteps (B,); mask (B, 1, H, W) uint8 phases, 255
        where it is not told; style (B,) int64 rows or (B, dim) vectors -> (B, 1, H, W), what the schedule predicts.
    """

    def __init__(
        self,
        phases: int = len(PHASES),
        styles: int = 96,
        channels: Sequence[int] = (64, 64, 64),
        num_res_blocks: int = 1,
        norm_num_groups: int = 16,
    ) -> None:
        self.architecture: dict[str, Any] = {
            "_target_": name_of(type(self)),
            "phases": int(phases),
            "styles": int(styles),
            "channels": [int(width) for width in channels],
            "num_res_blocks": int(num_res_blocks),
            "norm_num_groups": int(norm_num_groups),
        }
        super().__init__(
            spatial_dims=2,
            in_channels=4 * (1 + phases),
            out_channels=4,
            num_res_blocks=num_res_blocks,
            channels=tuple(channels),
            attention_levels=(False,) * len(channels),
            norm_num_groups=norm_num_groups,
            num_class_embeds=styles + 1,
        )
        self.phases, self.any_style = int(phases), int(styles)
        self.class_embedding = StyleTable(styles + 1, 4 * channels[0])

    @property
    def style_size(self) -> int:
        """Length of a style vector."""
        return self.class_embedding.embedding_dim

    def forward(
        self,
        x: torch.Tensor,
        timesteps: torch.Tensor,
        mask: torch.Tensor | None = None,
        style: torch.Tensor | None = None,
    ) -> torch.Tensor:
        """Predict; no mask and no style where they are None."""
        if mask is None:
            mask = torch.full_like(x, NO_MASK, dtype=torch.uint8)
        if style is None:
            style = torch.full((len(x),), self.any_style, device=x.device)
        told = one_hot(mask[:, 0].long().clamp_max(self.phases), self.phases + 1)[..., : self.phases]
        folded = pixel_unshuffle(torch.cat([x, told.movedim(-1, 1).to(x)], dim=1), 2)
        return pixel_shuffle(super().forward(folded, timesteps, class_labels=style), 2)


def load_denoiser(path: str | Path) -> StyledDenoiser:
    """The generator of a ``model.pt``, in eval mode.

    Raises:
        ScanError: if it is another kind of network, or as ``load_network``.
    """
    network = load_network(path)
    if not isinstance(network, StyledDenoiser):
        raise ScanError(
            f"checkpoint {path} holds a {type(network).__name__} and no generator: give a model.pt that "
            "rock_ct_generation's train wrote, or 'shipped'."
        )
    return network


class DenoiserAtLevel(StyledDenoiser):
    """A generator that is told the image alone: no mask, no style, and always the same noise level of 1000."""

    LEVEL = 500

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(B, 1, H, W) noisy image -> (B, 1, H, W), what the schedule predicts."""
        each = torch.zeros_like(x[:, 0, 0, 0])
        return super().forward(x, each + self.LEVEL, style=each.long() + self.any_style)


def scripted_denoiser(architecture: Mapping[str, Any]) -> torch.jit.ScriptModule:
    """The network of a generator's ``model.json`` as TorchScript, at one noise level; the weights' names stay.

    Its blocks cannot be scripted; a trace of them takes any batch, and sides that are multiples of 8.
    """
    network = DenoiserAtLevel(**{key: value for key, value in architecture.items() if key != "_target_"}).eval()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return torch.jit.trace(network, torch.zeros(2, 1, 64, 64), check_trace=False)
