"""Libraries of formats that not every user has: imported when a file needs them, one line where they are missing."""

from importlib import import_module
from types import ModuleType

from synfine_monai.errors import ScanError

__all__ = ["format_library"]


def format_library(name: str, file_name: str) -> ModuleType:
    """The module ``name`` ("zarr", "h5py"), which the extra ``zarr`` of this package installs.

    Raises:
        ScanError: if it is not installed; ``file_name`` is what needs it.
    """
    try:
        return import_module(name)
    except ImportError:
        raise ScanError(
            f"{file_name} needs the library {name}, which is not installed: pip install 'synfine_monai[zarr]'."
        ) from None
