"""The list of names that a bundle's configuration may use, read from ``allowed.yaml``."""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

__all__ = ["Allowed", "load_allowed"]


@dataclass(frozen=True)
class Allowed:
    """Exact names, as ``allowed.yaml`` explains them section by section."""

    imports: frozenset[str]
    nodes: frozenset[str]
    targets: dict[str, list[str]]
    modes: frozenset[str]
    callable_targets: frozenset[str]
    calls: dict[str, list[str]]
    values: frozenset[str]
    methods: frozenset[str]
    attributes: frozenset[str]
    builtins: frozenset[str]
    reference_calls: frozenset[str]
    keys: frozenset[str]
    stages: frozenset[str]
    fixed: dict[str, list[str]]
    guarded: dict[str, dict[Any, list[str]]]
    networks: dict[str, list[str]]

    @property
    def roots(self) -> frozenset[str]:
        """Modules that an expression can begin with; MONAI itself imports the last four."""
        return frozenset([text.split()[1] for text in self.imports] + ["monai", "torch", "np", "numpy"])


@lru_cache
def load_allowed(packed: bool) -> Allowed:
    """The list for a packed bundle, or the wider one for a folder of a source tree."""
    read = yaml.safe_load(Path(__file__).with_name("allowed.yaml").read_text(encoding="utf-8"))
    narrow, wide = read["packed"], {} if packed else read["source_tree"]
    merged: dict[str, Any] = {}
    for name, kind in Allowed.__annotations__.items():
        first, more = narrow.get(name), wide.get(name)
        if name == "fixed":
            merged[name] = more or first
        elif name in ("targets", "calls", "networks"):
            known = [*(first or {}), *(more or {})]
            merged[name] = {key: [*(first or {}).get(key, []), *(more or {}).get(key, [])] for key in known}
        elif name == "guarded":
            merged[name] = {**(first or {}), **(more or {})}
        else:
            assert kind == frozenset[str]
            merged[name] = frozenset([*(first or []), *(more or [])])
    return Allowed(**merged)
