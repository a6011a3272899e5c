"""From a task's classes to the phases that a generator is told."""

import torch

from synfine_monai.data.datalist import Datalist
from synfine_monai.data.labelled_slices import IGNORED
from synfine_monai.transforms.generate.phases import PHASES

__all__ = ["phase_masks"]


def phase_masks(labels: torch.Tensor, task: Datalist) -> torch.Tensor:
    """The phase of every voxel; a class of several phases is taken for its first.

    Args:
        labels: any shape, uint8 classes of ``task``, 255 where not labelled.
        task: maps classes onto phases.

    Returns:
        The same shape, uint8 indices of ``PHASES``; 255 stays.
    """
    table = torch.full((256,), IGNORED, dtype=torch.uint8)
    table[: task.num_classes] = torch.tensor([PHASES.index(covered[0]) for covered in task.phases], dtype=torch.uint8)
    return table[labels.long()]
