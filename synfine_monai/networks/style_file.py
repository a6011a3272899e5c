"""A style: a vector that is learned for a frozen denoiser, and kept as plain text that anyone can read and share."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import nn

from synfine_monai.errors import ScanError
from synfine_monai.files import atomic_file
from synfine_monai.networks.styled_denoiser import StyledDenoiser

FORMAT_VERSION = 1
KIND = "style of a rock scan"


def save_style(path: str | Path, vector: torch.Tensor, generator: str, info: Mapping[str, Any]) -> None:
    """Write a style as JSON, atomically.

    Args:
        path: of the file, ``style.json`` by custom.
        vector: (dim,) float.
        generator: hash of the generator's weights (``weights_hash``).
        info: what else is worth knowing (task, losses …), JSON-able; nothing of the scan's own.
    """
    content = {
        "format_version": FORMAT_VERSION,
        "kind": KIND,
        "generator": generator,
        **info,
        "vector": [round(float(value), 6) for value in vector],
    }
    with atomic_file(path) as temporary:
        temporary.write_text(json.dumps(content, indent=1), encoding="utf-8")


def load_style(path: str | Path, generator: str, size: int) -> torch.Tensor:
    """The vector of a style file, which may come from elsewhere: it is text, and nothing in it is run.

    Args:
        path: of the file, or a folder with a ``style.json``.
        generator: hash of the generator's weights that will use it.
        size: length of that generator's style vectors.

    Returns:
        (size,) float32.

    Raises:
        ScanError: if it is missing, no style, of a newer format, made for another generator, or not all numbers.
    """
    path = Path(path) / "style.json" if Path(path).is_dir() else Path(path)
    if not path.is_file():
        raise ScanError(f"style {path} does not exist: give a style.json that `invert` wrote.")
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ScanError(f"style {path} cannot be read: {error}.") from error
    if not isinstance(content, dict) or content.get("kind") != KIND or "vector" not in content:
        raise ScanError(f"{path} is no style: it lacks the kind '{KIND}' or its vector.")
    if content.get("format_version", 0) > FORMAT_VERSION:
        raise ScanError(f"style {path} has format {content['format_version']}; this version reads {FORMAT_VERSION}.")
    if content.get("generator") != generator:
        raise ScanError(
            f"style {path} was made for the generator {content.get('generator')}, but this one is {generator}: "
            "invert the style anew with this one, or give the generator that it belongs to."
        )
    return _vector(content["vector"], size, path)


def _vector(values: Any, size: int, path: Path) -> torch.Tensor:
    numbers = isinstance(values, list) and all(isinstance(value, int | float) for value in values)
    vector = torch.tensor(values if numbers else [], dtype=torch.float32)
    if len(vector) != size or not torch.isfinite(vector).all():
        raise ScanError(f"style {path} must hold {size} finite numbers, but has {len(vector)} or some that are not.")
    return vector


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
