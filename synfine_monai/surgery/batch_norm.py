"""Batch norm with frozen statistics, whatever a trainer switches on."""

from functools import partial

from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

NORM_LAYERS = (_BatchNorm, nn.modules.instancenorm._InstanceNorm, nn.GroupNorm, nn.LayerNorm)


def freeze_batch_norm(network: nn.Module) -> list[str]:
    """Keep every batch norm in evaluation mode, so that its running statistics are used and never change.

    Layers are found by type. They stay so when ``network.train()`` is called later: MONAI's ``SupervisedTrainer``
    calls it within every iteration, after the last event that a handler could use. Scale and shift go on training
    where they require gradients.

    Returns:
        Names of the frozen layers.
    """
    frozen = []
    for name, module in network.named_modules():
        if isinstance(module, _BatchNorm):
            module.train = partial(_stay_in_evaluation, module)
            module.train()
            frozen.append(name)
    return frozen


def unfreeze_batch_norm(network: nn.Module) -> None:
    """Undo :func:`freeze_batch_norm`: the next ``network.train()`` reaches batch norm again."""
    for module in network.modules():
        if isinstance(module, _BatchNorm):
            module.__dict__.pop("train", None)


def batch_norm_parameters(network: nn.Module) -> dict[str, nn.Parameter]:
    """Parameter name -> scale or shift of every batch norm."""
    return _parameters_of_type(network, (_BatchNorm,))


def norm_parameters(network: nn.Module) -> dict[str, nn.Parameter]:
    """Parameter name -> scale or shift of every normalisation layer (batch, instance, group, layer)."""
    return _parameters_of_type(network, NORM_LAYERS)


def _parameters_of_type(network: nn.Module, types: tuple[type[nn.Module], ...]) -> dict[str, nn.Parameter]:
    layers = {name: module for name, module in network.named_modules() if isinstance(module, types)}
    return {
        name: parameter for prefix, layer in layers.items() for name, parameter in layer.named_parameters(prefix=prefix)
    }


def _stay_in_evaluation(module: nn.Module, mode: bool = True) -> nn.Module:
    """Stands in for ``module.train(mode)``; a plain function in a partial survives copying and pickling."""
    return type(module).train(module, False)
