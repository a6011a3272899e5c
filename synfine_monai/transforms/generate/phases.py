"""The phases that the generator paints, and how a task's classes are laid over them."""

from collections.abc import Mapping

import torch

from synfine_monai.conventions import PHASES
from synfine_monai.errors import ScanError

__all__ = ["class_table", "phase_mask"]


def class_table(class_of_phase: Mapping[str, int]) -> torch.Tensor:
    """Lookup table from phase index to class index.

    Args:
        class_of_phase: class index, 0 to 254, of every phase in ``PHASES``.

    Returns:
        (phases,) uint8; ``table[phase.long()]`` is the class.

    Raises:
        ScanError: if a phase is missing or unknown, or a class does not fit a uint8 label beside 255.
    """
    if set(class_of_phase) != set(PHASES):
        raise ScanError(
            f"class_of_phase names the phases {sorted(class_of_phase)}, but needs exactly these: {sorted(PHASES)}."
        )
    classes = [int(class_of_phase[name]) for name in PHASES]
    if min(classes) < 0 or max(classes) > 254:
        raise ScanError(f"class_of_phase holds the classes {classes}, but a class must lie between 0 and 254.")
    return torch.tensor(classes, dtype=torch.uint8)


def phase_mask(phase: torch.Tensor, names: tuple[str, ...]) -> torch.Tensor:
    """True where the phase map (any shape, uint8) holds one of the named phases."""
    mask = torch.zeros_like(phase, dtype=torch.bool)
    for name in names:
        mask |= phase == PHASES.index(name)
    return mask
