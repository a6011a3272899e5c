"""The network that training starts from: scratch, or a checkpoint, parts of it fitted to the classes or made anew."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
from torch import nn

from synfine_monai.errors import ScanError
from synfine_monai.networks import find_denoiser, load_state, load_weights, read_model_info
from synfine_monai.surgery.batch_norm import freeze_batch_norm
from synfine_monai.surgery.gradients import LossFunction
from synfine_monai.surgery.head import PARTS, adapt_head, linear_probe, reinitialise

ENCODER = ("down_0", "down_1", "down_2")
DECODER = ("up_0", "up_1", "image_head")
TRAINED = ("all", "decoder")


def continue_network(network: nn.Module, checkpoint: Path | None, phases: Sequence[Sequence[str]]) -> nn.Module:
    """Load a checkpoint into ``network`` for training on synthetic pairs, where everything goes on learning.

    The statistics of batch norm are not frozen, and classes that no row of the checkpoint tells apart are left to the
    training. From scratch (``checkpoint`` None) nothing is loaded.

    Raises:
        ScanError: as :func:`start_network`.
    """
    if checkpoint is not None:
        _load(network, checkpoint, phases)
    return network


def start_network(
    network: nn.Module,
    checkpoint: Path | None,
    phases: Sequence[Sequence[str]],
    data: Mapping[str, torch.Tensor],
    loss_function: LossFunction,
    seed: int = 0,
    part: str = "none",
) -> nn.Module:
    """Load a checkpoint into ``network``, row by row of the head, and freeze the statistics of batch norm.

    A class that no row of the checkpoint tells apart is fitted by a linear probe on the labelled patches, unless the
    head starts anew. From scratch (``checkpoint`` None) nothing is loaded, frozen or made anew.

    Args:
        network: with as many classes as the task.
        checkpoint: a ``model.pt`` with its ``model.json``, or None.
        phases: for each class of the task, the generator's phases that it covers.
        data: "image" and "label" of the labelled patches.
        loss_function: the training loss.
        seed: of the linear probe and of what starts anew.
        part: which last layers start anew, see ``reinitialise``.

    Raises:
        ScanError: if the checkpoint is of another architecture, or does not fit its ``model.json``.
    """
    if checkpoint is None:
        return network
    undecided = _load(network, checkpoint, phases)
    freeze_batch_norm(network)
    if undecided and "head" not in PARTS[part]:
        linear_probe(network, data, loss_function, seed=seed)
    reinitialise(network, part, seed)
    return network


def _load(network: nn.Module, checkpoint: Path, phases: Sequence[Sequence[str]]) -> list[int]:
    """Load the checkpoint, its head fitted to ``phases``; returns the classes that no row of it tells apart."""
    source = read_model_info(checkpoint)["phases"]
    weights, undecided = adapt_head(load_weights(checkpoint), source, phases)
    load_state(network, weights, checkpoint)
    return undecided


def check_trained(trained: str, checkpoint: str | None) -> None:
    """Refuse an unknown word of ``--trained``, and a decoder on top of a random encoder.

    Raises:
        ScanError: naming the way out.
    """
    if trained not in TRAINED:
        raise ScanError(f"--trained {trained} is unknown: choose {' or '.join(TRAINED)}.")
    if trained == "decoder" and _is_none(checkpoint):
        raise ScanError(
            "--trained decoder needs an encoder that was trained before: give --checkpoint the results folder of a "
            "training with --pretext supervised, say."
        )


def find_start(checkpoint: str | None, bundle_root: str | Path) -> Path | None:
    """The ``denoiser.pt`` that training starts from; None for "none".

    Raises:
        ScanError: as ``find_denoiser``.
    """
    return None if _is_none(checkpoint) else find_denoiser(checkpoint, bundle_root)


def start_denoiser(network: nn.Module, checkpoint: Path | None, trained: str = "all") -> nn.Module:
    """Load a ``denoiser.pt`` into ``network``; for "decoder", freeze all else and make the decoder anew.

    That is decoder denoising pre-training (Brempong et al., CVPR Workshops 2022): the encoder learned with labels, the
    decoder learns to remove noise on top of it. The encoder's batch-norm statistics stay as well.

    Args:
        network: a denoiser of the checkpoint's architecture.
        checkpoint: a ``denoiser.pt``; None leaves the network as it is.
        trained: "all" or "decoder".

    Raises:
        ScanError: if the weights do not fit.
    """
    if checkpoint is None:
        return network
    load_state(network, load_weights(checkpoint), checkpoint)
    if trained == "decoder":
        network.requires_grad_(False)
        for name in ENCODER:
            freeze_batch_norm(network.get_submodule(name))
        for name in DECODER:
            _anew(network.get_submodule(name))
    return network


def _is_none(checkpoint: str | None) -> bool:
    return str(checkpoint or "none").lower() == "none"


def _anew(part: nn.Module) -> None:
    for module in part.modules():
        if hasattr(module, "reset_parameters"):
            module.reset_parameters()
    part.requires_grad_(True)
