"""A rock's look as a vector of knobs: every range and every chance of a preset, each turned between 0 and 1."""

from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from synfine_monai.errors import ScanError
from synfine_monai.transforms.generate.rand_rock import load_rock

APPEARANCE = ("appearance", "normalisation_jitter")
GEOMETRY = "structure"
LABELS_ONLY = ("RandLabelBoundary",)  # moves labels and no grey level: no unlabelled image can tell it


@dataclass(frozen=True)
class Knob:
    """One range [low, high], or one chance.

    Args:
        path: keys and places that lead to it in the preset.
        low: end of the range, or 0 for a chance.
        high: end of the range, > low, or 1 for a chance.
        kind: "even" (between the ends), "log" (between their logarithms, as corruptions draw), or "chance".
    """

    path: tuple[str | int, ...]
    low: float
    high: float
    kind: str

    def __str__(self) -> str:
        return "/".join(map(str, self.path))

    def at(self, share: float) -> float:
        """Value at a share, 0 to 1, of the way from ``low`` to ``high``."""
        if self.kind == "log":
            return float(self.low * (self.high / self.low) ** share)
        return float(self.low + (self.high - self.low) * share)

    def turned(self, value: float, spread: float) -> float | list[float]:
        """The chance ``value``; or the part of the range, ``spread`` of its width, that lies at ``value`` in it."""
        if self.kind == "chance":
            return float(value)
        start = value * (1 - spread)
        return [self.at(start), self.at(min(start + spread, 1.0))]


def knobs(rock: str | Path | Mapping[str, Any], geometry: bool = False) -> tuple[Knob, ...]:
    """Find a preset's knobs, in its own order.

    Every pair of numbers [low, high] with low < high and every ``prob`` between 0 and 1 in ``appearance`` and
    ``normalisation_jitter`` is one.

    Args:
        rock: preset name, YAML file or mapping.
        geometry: take those of ``structure`` as well.

    Raises:
        ScanError: if there is none, or as ``load_rock``.
    """
    preset = load_rock(rock)
    sections = (GEOMETRY, *APPEARANCE) if geometry else APPEARANCE
    found = tuple(knob for section in sections for knob in _knobs_in(preset[section], (section,)))
    if not found:
        raise ScanError(f"the rock has no range and no chance in {', '.join(sections)}: there is nothing to turn.")
    return found


def middle(found: Sequence[Knob], rock: str | Path | Mapping[str, Any]) -> np.ndarray:
    """The preset as a vector: 0.5 for a range, a chance as it is; (len(found),) float64."""
    preset = load_rock(rock)
    return np.array([_get(preset, knob.path) if knob.kind == "chance" else 0.5 for knob in found], dtype=float)


def turn_knobs(
    rock: str | Path | Mapping[str, Any], values: Sequence[float], spread: float = 0.15, geometry: bool = False
) -> dict[str, Any]:
    """Narrow each range to the part that its knob points at; the rest of the preset is untouched.

    Args:
        rock: preset name, YAML file or mapping.
        values: one for each of ``knobs(rock, geometry)``, 0 to 1: 0 is the low end of a range, 1 its high end.
        spread: share of each range's width that is kept, so that training still sees variety; 0 leaves one value, 1
            the ranges as they were.
        geometry: the vector holds the knobs of ``structure`` as well.

    Returns:
        A preset of its own.

    Raises:
        ScanError: if the vector has another length, or a value or the spread lies outside 0 to 1.
    """
    preset, found = deepcopy(load_rock(rock)), knobs(rock, geometry)
    values = np.asarray(values, dtype=float)
    if values.shape != (len(found),) or not ((values >= 0) & (values <= 1)).all():
        raise ScanError(f"the rock has {len(found)} knobs between 0 and 1, got {np.array2string(values, threshold=8)}.")
    if not 0 <= spread <= 1:
        raise ScanError(f"the spread must lie between 0 and 1, got {spread:g}.")
    for knob, value in zip(found, values, strict=True):
        _get(preset, knob.path[:-1])[knob.path[-1]] = knob.turned(value, spread)
    return preset


def _knobs_in(entry: Any, path: tuple[str | int, ...]) -> Iterator[Knob]:
    """Walk through mappings and lists, down to pairs of numbers and chances."""
    if _is_number(entry):
        if path[-1] == "prob" and 0 < entry < 1:
            yield Knob(path, 0.0, 1.0, "chance")
    elif isinstance(entry, Mapping):
        if entry.get("part") not in LABELS_ONLY:
            for key, inner in entry.items():
                yield from _knobs_in(inner, (*path, key))
    elif isinstance(entry, list | tuple):
        if len(entry) == 2 and all(map(_is_number, entry)):
            low, high = map(float, entry)
            if low < high:
                yield Knob(path, low, high, "log" if path[-2] == "ranges" or path[-1] == "gain" else "even")
        else:
            for place, inner in enumerate(entry):
                yield from _knobs_in(inner, (*path, place))


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _get(preset: Any, path: Sequence[str | int]) -> Any:
    for key in path:
        preset = preset[key]
    return preset
