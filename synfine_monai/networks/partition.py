"""The parameters of a part of a network, found by module and not by the look of a name."""

from collections.abc import Sequence

from torch import nn

__all__ = ["parameters_of"]


def parameters_of(network: nn.Module, modules: str | Sequence[str]) -> dict[str, nn.Parameter]:
    """All parameters inside some modules of a network.

    Args:
        network: any network.
        modules: one module path or several ("down_1", "up_0.convs"); "" is the network itself. A name such as
            "down_1" never takes in "down_10".

    Returns:
        Parameter name, as in ``network.named_parameters()`` -> parameter, in the order of ``modules``.

    Raises:
        ValueError: if the network has no such module.
    """
    found: dict[str, nn.Parameter] = {}
    for path in (modules,) if isinstance(modules, str) else modules:
        try:
            module = network.get_submodule(path)
        except AttributeError as error:
            parts = ", ".join(name for name, _ in network.named_children())
            raise ValueError(f"{type(network).__name__} has no module '{path}'; its parts are {parts}.") from error
        found.update(module.named_parameters(prefix=path))
    return found
