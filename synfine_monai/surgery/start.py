"""The network that training starts from: a checkpoint whose head is fitted to the task's classes, or scratch."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
from torch import nn

from synfine_monai.networks import load_state, load_weights, read_model_info
from synfine_monai.surgery.batch_norm import freeze_batch_norm
from synfine_monai.surgery.fresh_parts import PARTS, reinitialise
from synfine_monai.surgery.head import adapt_head
from synfine_monai.surgery.head_probe import linear_probe
from synfine_monai.surgery.probe import LossFunction

__all__ = ["continue_network", "start_network"]


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
