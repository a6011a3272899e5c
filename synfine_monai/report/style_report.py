"""What an inverted style is worth: its loss on held-out patches beside other styles', and pictures in it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from monai.networks.schedulers import Scheduler

from synfine_monai.conventions import PHASES
from synfine_monai.files import atomic_file
from synfine_monai.inferers import StyledDiffusionInferer, denoising_losses
from synfine_monai.networks import NO_MASK, InvertedStyle, save_style
from synfine_monai.report.results_folder import write_csv_atomic
from synfine_monai.transforms.generate import paint_masks
from synfine_monai.visualize import gallery_figure

SHOWN = 10


def compare_styles(
    inverted: InvertedStyle, scheduler: Scheduler, held_out: Mapping[str, torch.Tensor], seed: int = 0
) -> dict[str, float | int]:
    """Losses on held-out patches: of the inverted style, of "any style", of an untrained row and of all known ones.

    Args:
        inverted: the style and its frozen denoiser.
        scheduler: the noise schedule.
        held_out: "image" and "label" (phases, 255 where not told) of patches that the style was not learned on.
        seed: of the untrained row and the noise.

    Returns:
        "inverted", "any_style", "untrained", "best_known", "mean_known": losses; "nearest_style": row of the best one.
    """
    denoiser = inverted.denoiser
    rows = denoiser.class_embedding.weight.detach()
    untrained = torch.randn(rows.shape[1], generator=torch.Generator().manual_seed(seed)).to(rows)
    styles = [inverted.vector.detach(), rows[-1], untrained, *rows[:-1]]
    losses = denoising_losses(denoiser, scheduler, held_out["image"], held_out["label"], styles, seed=seed)
    known = losses[3:]
    return {
        "inverted": losses[0],
        "any_style": losses[1],
        "untrained": losses[2],
        "best_known": min(known),
        "mean_known": sum(known) / len(known),
        "nearest_style": known.index(min(known)),
    }


def write_style(
    inverted: InvertedStyle, generator: str, losses: Mapping[str, Any], info: Mapping[str, Any], output_dir: str | Path
) -> Path:
    """Write ``style.json`` and ``losses.csv``.

    Args:
        inverted: the style.
        generator: hash of the denoiser's weights.
        losses: from ``compare_styles``.
        info: task and settings, JSON-able.
        output_dir: where they go.
    """
    folder = Path(output_dir)
    write_csv_atomic(
        folder / "losses.csv",
        [{"style": name, "loss": value} for name, value in losses.items() if name != "nearest_style"],
    )
    save_style(
        folder / "style.json", inverted.vector.detach().cpu(), generator, {**info, "held_out_loss": dict(losses)}
    )
    return folder / "style.json"


def draw_style_gallery(
    inverted: InvertedStyle,
    sampler: StyledDiffusionInferer,
    real: Mapping[str, torch.Tensor],
    masks: torch.Tensor,
    rock: Any,
    path: str | Path,
    seed: int = 0,
) -> Path:
    """Draw real patches, and below them procedural and generated ones, without and with the style, of the same masks.

    The masks stand below the real patches where these are labelled, and below the procedural ones otherwise.

    Args:
        inverted: the style.
        sampler: from noise to images.
        real: "image" and "label" (phases, 255 where unknown) of real patches.
        masks: (N, 1, 64, 64) phases for the other rows.
        rock: preset that paints the procedural row.
        path: of the PNG.
        seed: of noise and paint.
    """
    masks = masks[:SHOWN]
    noise = torch.randn(masks.shape, generator=torch.Generator().manual_seed(seed))
    made = {
        "procedural": paint_masks(rock, masks, seed),
        "diffusion,\nany style": sampler(noise, inverted.denoiser, masks),
        "diffusion,\nthis style": sampler(noise, inverted.denoiser, masks, inverted.vector.detach()),
    }
    labelled = (real["label"] != NO_MASK).any()
    rows = [("real", _flat(real["image"][:SHOWN]), _flat(real["label"][:SHOWN]) if labelled else None)]
    shown = [None if labelled else _flat(masks), None, None]
    rows += [(name, _flat(images), below) for (name, images), below in zip(made.items(), shown, strict=True)]
    figure = gallery_figure(rows, PHASES, [(name,) for name in PHASES], "A style learned from real patches")
    with atomic_file(Path(path)) as temporary:
        figure.savefig(temporary, dpi=110, format="png")
    return Path(path)


def _flat(patches: torch.Tensor) -> Any:
    return patches[:, 0].cpu().numpy()


def draw_pairs(pairs: Mapping[str, torch.Tensor], path: str | Path) -> Path:
    """Draw some pairs of a bank, spread over it, masks in phases, as a PNG."""
    apart = slice(None, None, max(1, len(pairs["image"]) // SHOWN))
    images, masks = (_flat(pairs[key][apart][:SHOWN].float()) for key in ("image", "label"))
    rows = [("generated", images, masks)]
    figure = gallery_figure(rows, PHASES, [(name,) for name in PHASES], "Generated pairs")
    with atomic_file(Path(path)) as temporary:
        figure.savefig(temporary, dpi=110, format="png")
    return Path(path)
