"""The classes that somebody paints, and the phases that they are."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from synfine_monai.conventions import FLUID_PHASES, PHASES
from synfine_monai.data import phases_by_name
from synfine_monai.errors import ScanError

MOST = 32


@dataclass(frozen=True)
class LabelClasses:
    """Class ``k`` is called ``names[k]`` and covers the phases ``phases[k]``."""

    names: tuple[str, ...]
    phases: tuple[tuple[str, ...], ...]

    @property
    def pore_labels(self) -> tuple[int, ...]:
        """Classes that are pore space."""
        return tuple(k for k, phases in enumerate(self.phases) if set(phases) <= set(FLUID_PHASES))

    def __len__(self) -> int:
        return len(self.names)


def read_label_classes(given: Sequence[str] | Mapping[str, str] | None, info: Mapping[str, Any]) -> LabelClasses:
    """Classes as they are given: names, "name=phase", "name=phase+phase", or a mapping; None takes those of the model.

    A name without a phase is understood where it is a phase or a usual word for one ("quartz" is matrix).

    Args:
        given: by the user.
        info: content of the ``model.json`` of the network that retuning starts from.

    Raises:
        ScanError: for fewer than two classes, names that are empty or the same, or a phase that nobody knows.
    """
    if given is None:
        return LabelClasses(tuple(info["labels"]), tuple(map(tuple, info["phases"])))
    if isinstance(given, str):
        given = given.split(",")
    pairs = list(given.items()) if isinstance(given, Mapping) else [_split(str(entry)) for entry in given]
    names = [name.strip() for name, _ in pairs]
    if not 2 <= len(names) <= MOST or len(set(names)) < len(names) or not all(names):
        raise ScanError(f"classes are 2 to {MOST} different names, got {', '.join(names) or 'none'}.")
    return LabelClasses(tuple(names), tuple(_phases(name, phases) for name, phases in pairs))


def _split(entry: str) -> tuple[str, str | None]:
    name, _, phases = entry.partition("=")
    return name.strip(), phases.strip() or None


def _phases(name: str, given: str | None) -> tuple[str, ...]:
    found = given or (name if name in PHASES else phases_by_name({0: name}).get(0, ""))
    phases = tuple(phase.strip() for phase in found.split("+"))
    if not set(phases) <= set(PHASES):
        raise ScanError(
            f"the class '{name}' is of no known phase: say which by '{name}=PHASE', PHASE being one of "
            f"{', '.join(PHASES)}, or several joined by '+'."
        )
    return phases
