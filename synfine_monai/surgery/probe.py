"""Gradients of a loss that leave no trace in the network they are measured on."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch
from torch import nn

from synfine_monai.errors import ScanError

__all__ = ["loss_gradients", "probing"]

LossFunction = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]


@contextmanager
def probing(network: nn.Module) -> Iterator[dict[str, nn.Parameter]]:
    """Evaluation mode with every floating-point parameter differentiable, as long as the context lasts.

    Frozen parameters can be measured as well. Afterwards each module has its mode back and each parameter its
    ``requires_grad``; gradients that were stored in ``.grad`` and the statistics of batch norm never change.

    Yields:
        Parameter name -> parameter, of all floating-point parameters.
    """
    modes = [(module, module.training) for module in network.modules()]
    wishes = [(parameter, parameter.requires_grad) for parameter in network.parameters()]
    try:
        for module, _ in modes:
            module.training = False
        parameters = {name: value for name, value in network.named_parameters() if value.is_floating_point()}
        for parameter in parameters.values():
            parameter.requires_grad_(True)
        yield parameters
    finally:
        for module, mode in modes:
            module.training = mode
        for parameter, wish in wishes:
            parameter.requires_grad_(wish)


def loss_gradients(
    network: nn.Module,
    loss_function: LossFunction,
    parameters: dict[str, nn.Parameter],
    image: torch.Tensor,
    target: torch.Tensor,
) -> list[torch.Tensor]:
    """Gradient of the mean loss of one batch for each parameter, in full precision and on the network's device.

    Args:
        network: in the modes it shall be measured in, see :func:`probing`.
        loss_function: called with (logits, target); a loss with several values is averaged.
        parameters: what to differentiate for; a parameter without influence has a zero gradient.
        image: what the network takes.
        target: what the loss function takes.

    Raises:
        ScanError: if the loss is not finite.
    """
    device = next(iter(parameters.values())).device
    with torch.enable_grad(), torch.autocast(device.type, enabled=False):
        loss = loss_function(network(image.to(device)), target.to(device)).mean()
        if not torch.isfinite(loss):
            raise ScanError(
                f"the loss of a probed batch is {loss.item()}: are there NaN voxels, or a broken checkpoint?"
            )
        gradients = torch.autograd.grad(loss, list(parameters.values()), allow_unused=True)
    return [
        torch.zeros_like(value) if gradient is None else gradient
        for gradient, value in zip(gradients, parameters.values(), strict=True)
    ]
