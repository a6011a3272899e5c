"""A frozen styled denoiser with one style of its own, the only thing about it that trains."""

import torch
from torch import nn

from synfine_monai.networks.styled_denoiser import StyledDenoiser

__all__ = ["InvertedStyle"]


class InvertedStyle(nn.Module):
    """Dataset style inversion: one learnable embedding for a whole set of images (Li et al. 2024, section 3.3).

    Args:
        denoiser: frozen in place.

    The vector starts as the mean of the known styles. Called as the denoiser is, but without a style.
    """

    def __init__(self, denoiser: StyledDenoiser) -> None:
        super().__init__()
        self.denoiser = denoiser.requires_grad_(False).eval()
        known = denoiser.class_embedding.weight[: denoiser.any_style]
        self.vector = nn.Parameter(known.detach().mean(0))

    def train(self, mode: bool = True) -> "InvertedStyle":
        """Switch modes; the denoiser stays in eval mode."""
        super().train(mode)
        self.denoiser.eval()
        return self

    def forward(self, x: torch.Tensor, timesteps: torch.Tensor, mask: torch.Tensor | None = None) -> torch.Tensor:
        """(B, 1, H, W) noisy images, (B,) noise levels and (B, 1, H, W) masks or None -> what the schedule predicts."""
        return self.denoiser(x, timesteps, mask, self.vector.expand(len(x), -1))
