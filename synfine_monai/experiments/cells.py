"""The runs of an experiment: every combination of its factors."""

from collections.abc import Mapping, Sequence
from itertools import product
from typing import Any

__all__ = ["grid"]


def grid(factors: Mapping[str, Sequence[Any]]) -> list[dict[str, Any]]:
    """Every combination of ``factors``, the last one varying fastest.

    Args:
        factors: name -> its values.

    Returns:
        One mapping a run, factor -> value; the keys in the order given.
    """
    return [dict(zip(factors, values, strict=True)) for values in product(*factors.values())]
