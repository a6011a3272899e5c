"""How a ``model.json`` names a network, and the network of such a name."""

from torch import nn

from synfine_monai.errors import ScanError

ROOM = "synfine_monai.networks"


def name_of(kind: type[nn.Module]) -> str:
    """Name of one of this room's networks, by its door."""
    return f"{ROOM}.{kind.__qualname__}"


def network_class(name: str) -> type[nn.Module]:
    """The network of a name; files written before the doors put the network's file before its class.

    Raises:
        ScanError: if this room hands out no such network.
    """
    import synfine_monai.networks as room

    path, _, last = str(name).rpartition(".")
    if path != ROOM and not path.startswith(f"{ROOM}."):
        raise ScanError(f"model.json names the network '{name}', which is not one of {ROOM}.")
    kind = getattr(room, last) if last in vars(room)["__all__"] else None
    if not (isinstance(kind, type) and issubclass(kind, nn.Module)):
        raise ScanError(f"model.json names the network '{name}', which this version does not have.")
    return kind
