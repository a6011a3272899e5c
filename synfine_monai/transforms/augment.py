"""Light augmentation of a whole batch of patches: flips, right-angle turns, grey jitter."""

from collections.abc import Hashable, Mapping

import numpy as np
import torch
from monai.config import KeysCollection
from monai.transforms import MapTransform, Randomizable

__all__ = ["RandAugmentBatchd"]


class RandAugmentBatchd(Randomizable, MapTransform):
    """Turn and flip every patch of a batch by itself, and change its contrast and brightness a little.

    MONAI's random transforms work on one sample at a time and cost more here than the network's step itself allows;
    this one draws all parameters of a batch at once.

    Args:
        keys: entries to turn alike, (B, C, H, W) with H = W.
        image_key: the entry whose grey levels change; must be a float tensor.
        scale: standard deviation of the factor of contrast, >= 0 (0: off).
        shift: standard deviation of the offset, in units of the normalised image, >= 0.
    """

    def __init__(self, keys: KeysCollection = ("image", "label"), image_key: str = "image", scale: float = 0.1,
                 shift: float = 0.1) -> None:  # fmt: skip
        super().__init__(keys)
        self.image_key, self.scale, self.shift = image_key, scale, shift

    def randomize(self, batch_size: int) -> None:
        """Draw a turn (0 to 3 quarter turns, 4 to 7 mirrored), a gain and an offset for every patch."""
        self.turns = self.R.randint(8, size=batch_size)
        self.gains = np.exp(self.scale * self.R.standard_normal(batch_size)).astype(np.float32)
        self.offsets = (self.shift * self.R.standard_normal(batch_size)).astype(np.float32)

    def __call__(self, data: Mapping[Hashable, torch.Tensor]) -> dict[Hashable, torch.Tensor]:
        out = dict(data)
        self.randomize(len(out[self.first_key(out)]))
        for key in self.key_iterator(out):
            out[key] = torch.stack([_turn(patch, int(k)) for patch, k in zip(out[key], self.turns, strict=True)])
        gains, offsets = (torch.from_numpy(v).view(-1, 1, 1, 1) for v in (self.gains, self.offsets))
        out[self.image_key] = out[self.image_key] * gains + offsets
        return out


def _turn(patch: torch.Tensor, k: int) -> torch.Tensor:
    turned = torch.rot90(patch, k % 4, (-2, -1))
    return turned.flip(-1) if k >= 4 else turned
