"""The network that a ``model.json`` names, built without memory for its weights, if it is one of a few."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import nn

from synfine_monai.errors import ScanError
from synfine_monai.networks import name_of, network_class
from synfine_monai.sharing.checks.allowed import load_allowed

__all__ = ["build_on_meta", "judge_architecture"]

LARGEST, MOST_WIDTHS = 4096, 8


def build_on_meta(architecture: Any, packed: bool) -> nn.Module:
    """The network on torch's meta device.

    Raises:
        ScanError: as ``judge_architecture``, or if its sizes do not fit together.
    """
    judge_architecture(architecture, packed)
    kind = network_class(architecture["_target_"])
    arguments = {key: value for key, value in architecture.items() if key != "_target_"}
    try:
        with torch.device("meta"):
            return kind(**arguments)
    except (TypeError, ValueError, RuntimeError) as error:
        raise ScanError(f"model.json describes a {kind.__name__} that cannot be built: {str(error)[:150]}") from error


def judge_architecture(architecture: Any, packed: bool) -> None:
    """Raises:
    ScanError: if the network is not on the list, or has an argument that is not, or too large a number.
    """
    if not isinstance(architecture, Mapping) or not isinstance(architecture.get("_target_"), str):
        raise ScanError("model.json names no network")
    networks = load_allowed(packed).networks
    target = _by_door(architecture["_target_"])
    if target not in networks:
        raise ScanError(f"model.json names the network {target[:100]!r}, which is not on the list of networks")
    for key, value in architecture.items():
        if key == "_target_":
            continue
        if key not in networks[target]:
            raise ScanError(f"model.json gives the network {key[:40]!r}, an argument that is not on the list")
        numbers = value if isinstance(value, list) else [value]
        if not 0 < len(numbers) <= MOST_WIDTHS or not all(type(n) is int and 0 < n <= LARGEST for n in numbers):
            raise ScanError(f"model.json gives the network {key} {str(value)[:60]}: sizes go from 1 to {LARGEST:,}")


def _by_door(name: str) -> str:
    """A network's name by its door, if it has one: bundles of before the doors put the network's file before it."""
    try:
        return name_of(network_class(name))
    except ScanError:
        return name
