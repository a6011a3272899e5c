"""Labels of a task's classes as phases of the generator, the language of masks and of a folder of pairs."""

from collections.abc import Sequence

import torch

from synfine_monai.conventions import PHASES, UNLABELLED
from synfine_monai.errors import ScanError

__all__ = ["classes_to_phases"]


def classes_to_phases(labels: torch.Tensor, phases: Sequence[Sequence[str]]) -> torch.Tensor:
    """Each class as the first of the phases that it covers; a task with the same classes reads it as that class again.

    Args:
        labels: class indices, any shape; 255 where not labelled.
        phases: for each class, the generator's phases that it covers, as in ``model.json`` or a datalist.

    Returns:
        uint8 indices into ``PHASES``, same shape; 255 stays.

    Raises:
        ScanError: if a class covers no phase of the generator.
    """
    first = [next((name for name in covered if name in PHASES), None) for covered in phases]
    if None in first:
        raise ScanError(
            f"class {first.index(None)} covers {list(phases[first.index(None)])}, none of the generator's phases "
            f"{', '.join(PHASES)}: its pairs would have no name."
        )
    table = torch.full((UNLABELLED + 1,), UNLABELLED, dtype=torch.uint8)
    table[: len(first)] = torch.tensor([PHASES.index(name) for name in first], dtype=torch.uint8)
    return table[labels.long()]
