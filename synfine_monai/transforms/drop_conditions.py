"""Leave out the mask or the style of some patches of a batch, so that a generator learns to do without."""

from collections.abc import Hashable, Mapping

import numpy as np
import torch
from monai.transforms import Randomizable, Transform

__all__ = ["RandDropConditionsd"]


class RandDropConditionsd(Randomizable, Transform):
    """Drop ``label`` and ``style``, each by itself: what classifier-free guidance needs (Ho & Salimans 2021).

    Args:
        no_mask: label of a voxel whose phase is not told.
        no_style: row that stands for "any style".
        mask_dropout: chance that a patch loses its mask, 0 to 1.
        style_dropout: chance that it loses its style, 0 to 1.

    Raises:
        ValueError: if a chance is out of range.
    """

    def __init__(self, no_mask: int, no_style: int, mask_dropout: float = 0.2, style_dropout: float = 0.1) -> None:
        for name, chance in {"mask_dropout": mask_dropout, "style_dropout": style_dropout}.items():
            if not 0 <= chance <= 1:
                raise ValueError(f"{name} must lie in 0 to 1, got {chance}.")
        self.fill = {"label": no_mask, "style": no_style}
        self.chance = {"label": mask_dropout, "style": style_dropout}

    def randomize(self, batch_size: int) -> None:
        """Draw which patches lose what."""
        self.dropped = {key: self.R.uniform(size=batch_size) < chance for key, chance in self.chance.items()}

    def __call__(self, data: Mapping[Hashable, torch.Tensor]) -> dict[Hashable, torch.Tensor]:
        out = dict(data)
        self.randomize(len(out["label"]))
        for key, dropped in self.dropped.items():
            values = out[key].clone()
            values[torch.from_numpy(np.flatnonzero(dropped))] = self.fill[key]
            out[key] = values
        return out
