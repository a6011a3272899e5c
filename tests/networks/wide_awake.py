"""MONAI starts the last convolution of every block at zero, which hides what comes before it."""

import torch
from torch import nn


def wide_awake(network: nn.Module) -> nn.Module:
    """Give weights that are zero in whole small random ones, in place."""
    generator = torch.Generator().manual_seed(0)
    for parameter in network.parameters():
        if parameter.dim() > 1 and not parameter.any():
            parameter.data.normal_(std=0.1, generator=generator)
    return network
