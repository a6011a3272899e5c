"""Submodules on first use, so that ``import synfine_monai`` is quick and a YAML can name any of them."""

from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType

__all__ = ["submodules_of"]


def submodules_of(package: str) -> Callable[[str], ModuleType]:
    """The ``__getattr__`` of a package that imports its submodules when they are asked for (PEP 562)."""

    def get_submodule(name: str) -> ModuleType:
        if name.startswith("_") or find_spec(f"{package}.{name}") is None:
            raise AttributeError(f"module '{package}' has no attribute '{name}'")
        return import_module(f"{package}.{name}")

    return get_submodule
