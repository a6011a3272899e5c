"""The sizes of an experiment: how many seeds, patches and steps."""

from collections.abc import Mapping
from typing import Any

from synfine_monai.errors import ScanError

__all__ = ["choose_numbers"]


def choose_numbers(sizes: Mapping[str, Mapping[str, Any]], size: str, quick: bool) -> Mapping[str, Any]:
    """The numbers of one size of an experiment; ``quick`` wins.

    Raises:
        ScanError: if there is no such size.
    """
    name = "quick" if quick else size
    if name not in sizes:
        raise ScanError(f"--size takes {' or '.join(known for known in sizes if known != 'quick')}, got {size!r}.")
    return sizes[name]
