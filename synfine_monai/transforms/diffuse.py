"""What a denoiser's batch gets at random: noise at a level, and conditions left out."""

from collections.abc import Hashable, Mapping

import numpy as np
import torch
from monai.config import KeysCollection
from monai.transforms import MapTransform, Randomizable, Transform


class RandDiffuseBatchd(Randomizable, MapTransform):
    """Add ``noise``, like the image, and ``timesteps`` to a batch; the image stays as it is.

    The noise levels of a batch are spread evenly over all of them from a random start, which makes the loss of a small
    batch vary less than independent draws do. A seed gives the same noise on every device, as it is drawn on the CPU.

    Args:
        keys: the image, (B, C, H, W) float.
        levels: noise levels that are drawn, from 0 up; the schedule may have more.
        clean: share of the patches, the last ones of a batch, that get level 0 instead, 0 to 1.
    """

    def __init__(self, keys: KeysCollection = ("image",), levels: int = 1000, clean: float = 0.0) -> None:
        super().__init__(keys)
        self.num_levels, self.clean = int(levels), float(clean)

    def randomize(self, batch_size: int) -> None:
        """Draw the seed of the noise, and one noise level for each patch."""
        self.pixel_seed = int(self.R.randint(2**31))
        noisy = batch_size - round(self.clean * batch_size)
        spread = (self.R.uniform() + np.arange(noisy) / max(noisy, 1)) % 1.0
        levels = self.R.permutation((spread * self.num_levels).astype(np.int64))
        self.levels = np.concatenate([levels, np.zeros(batch_size - noisy, dtype=np.int64)])

    def __call__(self, data: Mapping[Hashable, torch.Tensor]) -> dict[Hashable, torch.Tensor]:
        out = dict(data)
        image = out[self.first_key(out)]
        self.randomize(len(image))
        generator = torch.Generator().manual_seed(self.pixel_seed)
        out["noise"] = torch.randn(image.shape, generator=generator).to(image)
        out["timesteps"] = torch.from_numpy(self.levels).to(image.device)
        return out


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
