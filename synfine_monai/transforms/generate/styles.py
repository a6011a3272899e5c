"""A style: one look of a rock, as one scan of one instrument has it, with all its variety of shapes left."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from synfine_monai.transforms.generate.draws import log_uniform, uniform
from synfine_monai.transforms.generate.rand_rock import load_rock


def rock_style(rock: str | Path | Mapping[str, Any], seed: int) -> dict[str, Any]:
    """Fix a preset's ``appearance`` to one draw from its ranges: grey levels, texture, blur, noise, rings, jitter.

    A part that the preset leaves to chance is in the style or it is not. What differs between two rocks of one style is
    their structure and the noise itself.

    Args:
        rock: preset name, YAML file or mapping.
        seed: of the draw.

    Returns:
        A preset whose ``appearance`` and ``normalisation_jitter`` hold no range and no chance.
    """
    preset, random = load_rock(rock), np.random.RandomState(seed)
    jitter = preset["normalisation_jitter"]
    return {
        **preset,
        "appearance": _fixed_parts(preset["appearance"], random),
        "normalisation_jitter": {
            "gain": log_uniform(random, jitter["gain"]),
            "offset": uniform(random, jitter["offset"]),
        },
    }


def _fixed_parts(entries: list[Mapping[str, Any]], random: np.random.RandomState) -> list[dict[str, Any]]:
    fixed = [_fixed_part(entry, random) for entry in entries]
    return [entry for entry in fixed if entry is not None]


def _fixed_part(entry: Mapping[str, Any], random: np.random.RandomState) -> dict[str, Any] | None:
    """The part with numbers for ranges, or None where chance leaves it out; the same draws in either case."""
    chance = random.uniform()
    if "together" in entry:
        fixed = {**entry, "together": _fixed_parts(entry["together"], random)}
    elif "corrupt" in entry:
        ranges = {name: log_uniform(random, value) for name, value in entry["ranges"].items()}
        fixed = {**entry, "ranges": {name: [value, value] for name, value in ranges.items()}}
    else:
        fixed = {name: _fixed(value, random) for name, value in entry.items()}
    usual = 0.5 if "corrupt" in entry else 1.0
    if chance >= entry.get("prob", usual):
        return None
    return {**fixed, "prob": 1.0} if "prob" in entry or "corrupt" in entry else fixed


def _fixed(value: Any, random: np.random.RandomState) -> Any:
    """A number drawn from a pair of numbers; mappings entry by entry; anything else as it is."""
    if isinstance(value, Mapping):
        return {name: _fixed(inner, random) for name, inner in value.items()}
    pair = isinstance(value, list | tuple) and len(value) == 2 and all(isinstance(end, int | float) for end in value)
    return uniform(random, value) if pair else value
