"""Libraries that not every user has: imported on use, one sentence where they are missing."""

from importlib import import_module
from types import ModuleType

from synfine_monai.errors import ScanError


def optional_library(name: str, needed_by: str, extra: str, otherwise: str = "") -> ModuleType:
    """The module ``name``, which the extra ``extra`` of this package installs.

    Args:
        name: of the module: "zarr", "h5py", "openvino".
        needed_by: what needs it: a file's name, "engine openvino".
        extra: as in pyproject.toml.
        otherwise: what else the user can do: "or leave --engine out".

    Raises:
        ScanError: if it is not installed.
    """
    try:
        return import_module(name)
    except ImportError:
        raise ScanError(
            f"{needed_by} needs the library {name}, which is not installed: pip install 'synfine_monai[{extra}]'"
            f"{otherwise and f', {otherwise}'}."
        ) from None
