"""The runs of an experiment: every combination of its factors."""

from collections.abc import Mapping, Sequence
from itertools import product
from typing import Any

from synfine_monai.errors import ScanError

__all__ = ["choose_numbers", "grid"]


def grid(factors: Mapping[str, Sequence[Any]]) -> list[dict[str, Any]]:
    """Every combination of ``factors``, the last one varying fastest.

    Args:
        factors: name -> its values.

    Returns:
        One mapping a run, factor -> value; the keys in the order given.
    """
    return [dict(zip(factors, values, strict=True)) for values in product(*factors.values())]


def choose_numbers(sizes: Mapping[str, Mapping[str, Any]], size: str, quick: bool) -> Mapping[str, Any]:
    """The numbers of one size of an experiment; ``quick`` wins.

    Raises:
        ScanError: if there is no such size.
    """
    name = "quick" if quick else size
    if name not in sizes:
        raise ScanError(f"--size takes {' or '.join(known for known in sizes if known != 'quick')}, got {size!r}.")
    return sizes[name]
