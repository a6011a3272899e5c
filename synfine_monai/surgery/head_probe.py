"""Fit the head alone, quickly, so that no row of it is arbitrary."""

from collections.abc import Mapping

import torch
from torch import nn

from synfine_monai.surgery.probe import LossFunction

__all__ = ["linear_probe"]


def linear_probe(
    network: nn.Module,
    data: Mapping[str, torch.Tensor],
    loss_function: LossFunction,
    steps: int = 100,
    batch_size: int = 8,
    learning_rate: float = 1e-2,
    seed: int = 0,
) -> None:
    """Train ``network.head`` in place by Adam; everything else, batch-norm statistics included, stays as it is.

    Args:
        network: has a last layer ``head``.
        data: "image" (N, C, H, W) and "label" (N, 1, H, W).
        loss_function: called with (logits, target).
        steps: optimiser steps.
        batch_size: patches a step.
        learning_rate: of Adam.
        seed: of the choice of patches.
    """
    device = next(network.parameters()).device
    wishes = [(parameter, parameter.requires_grad) for parameter in network.parameters()]
    mode = network.training
    network.eval().requires_grad_(False)
    network.head.requires_grad_(True)
    optimizer = torch.optim.Adam(network.head.parameters(), learning_rate)
    generator = torch.Generator().manual_seed(seed)
    for _ in range(steps):
        chosen = torch.randint(len(data["image"]), (batch_size,), generator=generator)
        optimizer.zero_grad()
        loss_function(network(data["image"][chosen].to(device)), data["label"][chosen].to(device)).backward()
        optimizer.step()
    network.zero_grad()
    network.train(mode)
    for parameter, wish in wishes:
        parameter.requires_grad_(wish)
