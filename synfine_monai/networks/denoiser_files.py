"""A trained denoiser on disk: ``denoiser.pt``, and ``model.pt``, the segmenter that it is at one noise level."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from synfine_monai.errors import ScanError
from synfine_monai.networks.diffusion_denoiser import DiffusionDenoiser
from synfine_monai.networks.model_file import (
    architecture_of,
    find_checkpoint,
    load_network,
    read_model_info,
    save_model,
)
from synfine_monai.networks.rock_denoiser import RockDenoiser
from synfine_monai.networks.rock_unet import RockUNet

LEVELS = 1000

Denoiser = RockDenoiser | DiffusionDenoiser
"""A network told the noise level, which is a plain segmenter at each (``at_level``)."""


def save_denoiser(
    network: Denoiser, info: Mapping[str, Any], folder: str | Path, level: int | None = None, half: bool = False
) -> Path:
    """Write the denoiser, then the segmenter that it is at ``level``; returns the path of ``model.pt``.

    Args:
        network: trained.
        info: content of ``denoiser.json``; ``model.json`` has it too, for its own architecture.
        folder: where the four files go.
        level: noise level of the segmenter; None is 0, clean images.
        half: store the weights in half precision.

    Raises:
        ScanError: as ``check_level``.
    """
    save_model(network, info, Path(folder) / "denoiser.pt", half)
    return save_segmenter(network, info, folder, level, half)


def save_segmenter(
    network: Denoiser, info: Mapping[str, Any], folder: str | Path, level: int | None = None, half: bool = False
) -> Path:
    """Write ``model.pt`` and ``model.json`` of the segmenter that a denoiser is at ``level``; returns their path."""
    segmenter, path = network.at_level(check_level(level)), Path(folder) / "model.pt"
    info = {**info, "architecture": architecture_of(segmenter), "noise_level": check_level(level)}
    save_model(segmenter, info, path, half)
    return path


def start_at_level(checkpoint: str | None, level: int | None, bundle_root: str | Path, folder: str | Path) -> str:
    """The checkpoint that fine-tuning starts from: the one that is named, or its denoiser at another noise level.

    Args:
        checkpoint: as ``find_checkpoint`` takes it.
        level: None takes the ``model.pt`` as it is; a number writes the segmenter of that level to ``folder``.
        bundle_root: folder of the bundle.
        folder: made if it is needed.

    Returns:
        Path of a ``model.pt``, or "none".

    Raises:
        ScanError: as ``find_denoiser`` and ``check_level``.
    """
    if level is None:
        return str(find_checkpoint(checkpoint, bundle_root) or "none")
    file = find_denoiser(checkpoint, bundle_root)
    return str(save_segmenter(load_rock_denoiser(file), read_model_info(file), folder, level))


def find_denoiser(checkpoint: str | None, bundle_root: str | Path) -> Path:
    """Path of the ``denoiser.pt`` that lies beside a checkpoint, or is one.

    Raises:
        ScanError: as ``find_checkpoint``, or if there is none.
    """
    path = find_checkpoint(checkpoint, bundle_root)
    path = path.with_name("denoiser.pt") if path is not None and path.name == "model.pt" else path
    if path is None or not path.is_file():
        raise ScanError(
            f"there is no denoiser.pt beside the checkpoint {checkpoint}: give a results folder of "
            "rock_ct_hybrid_segmentation's train."
        )
    return path


def load_rock_denoiser(path: str | Path) -> Denoiser:
    """The network of a ``denoiser.pt``, of either architecture, in eval mode.

    Raises:
        ScanError: if it is another kind of network, or as ``load_network``.
    """
    network = load_network(path)
    if not isinstance(network, Denoiser):
        raise ScanError(f"checkpoint {path} holds a {type(network).__name__} and no denoiser: give a denoiser.pt.")
    return network


def denoiser_around(segmenter: RockUNet, path: str | Path) -> RockDenoiser:
    """The denoiser of a ``denoiser.pt`` with a segmenter's blocks and mask head in the place of its own.

    The two networks share these parameters, so that training one trains the other; the image head and what tells the
    noise level are the file's and stay as they are.

    Args:
        segmenter: one that started from this denoiser at noise level 0; it may have other classes.
        path: of the ``denoiser.pt``.

    Raises:
        ScanError: if the denoiser is no :class:`RockDenoiser` of the segmenter's widths, or as ``load_network``.
    """
    network = load_rock_denoiser(path)
    widths = architecture_of(segmenter)["channels"]
    if not isinstance(network, RockDenoiser) or network.architecture["channels"] != list(widths):
        raise ScanError(f"the denoiser {path} has other blocks than the network: start from the model.pt beside it.")
    for name, part in segmenter.named_children():
        setattr(network, name, part)
    for part in (network.image_head, network.level):
        part.requires_grad_(False)
    return network


def require_pairs(info: Mapping[str, Any], path: str | Path) -> None:
    """Refuse a denoiser that learned images alone or masks alone: the pairs that it draws would mean nothing.

    Args:
        info: content of ``denoiser.json``.
        path: of the denoiser.

    Raises:
        ScanError: naming what it did not learn.
    """
    for part, weight in (("images", "image_weight"), ("masks", "mask_weight")):
        if not info["settings"]["learned"][weight]:
            raise ScanError(f"the denoiser {path} never learned {part}: draw pairs from one of --pretext hybrid.")


def check_level(level: int | None) -> int:
    """A noise level as a number; None is 0.

    Raises:
        ScanError: if it is none of the schedule's.
    """
    if level is None:
        return 0
    if type(level) is not int or not 0 <= level < LEVELS:
        raise ScanError(f"--level takes a noise level from 0 (clean) to {LEVELS - 1}, got {level!r}.")
    return level
