"""Which phase people mean by the name that they give a class."""

import re
from collections.abc import Mapping

OUTSIDE_CLASS = "outside"
"""What a value is called that lies around the core: air or a mount, and no class."""

WORDS = {
    "pore": "pore void porosity",
    "water": "water brine",
    "clay": "clay kaolinite illite smectite",
    "matrix": "matrix solid grain rock quartz calcite",
    "dense": "dense pyrite metal",
    OUTSIDE_CLASS: "outside background exterior surroundings mount epoxy resin holder sleeve",
}
"""Phase -> what it is called; "air" is missing, as it fills pores and surrounds cores."""

_PHASE = {word: phase for phase, words in WORDS.items() for word in words.split()}


def phases_by_name(names: Mapping[int, str]) -> dict[int, str]:
    """Value -> its phase, or "outside", for the names of which all known words mean the same."""
    found = {}
    for value, name in names.items():
        words = re.findall(r"[a-z]+", name.lower())
        meant = {_PHASE[w] for word in words for w in (word, word.removesuffix("s")) if w in _PHASE}
        if len(meant) == 1:
            found[value] = meant.pop()
    return found
