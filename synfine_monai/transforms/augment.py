"""Augmentation of whole batches: turns, flips and grey levels, and mixtures of two patches."""

from collections.abc import Callable, Hashable, Mapping
from typing import Any

import numpy as np
import torch
from monai.config import KeysCollection
from monai.transforms import Compose, MapTransform, MixUp, Randomizable, Transform
from torch.nn.functional import one_hot

from synfine_monai.conventions import UNLABELLED
from synfine_monai.errors import ScanError


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


class RandMixUpBatchd(Randomizable, Transform):
    r"""Blend every patch of a batch with another of the same batch, by MONAI's ``MixUp``.

    The share :math:`\lambda` of the patch itself is drawn from Beta(alpha, alpha), one for each patch. Labels become
    shares of the classes; a pixel that only one of the two patches labels holds that one's part of it alone.

    Args:
        alpha: of the Beta distribution, > 0; 0.2 leaves most patches nearly as they are, 1 is uniform.
        num_classes: number K of classes.

    Shapes:
        "image" (B, C, H, W) float -> same; "label" (B, 1, H, W), classes 0…K−1 or 255 -> (B, K, H, W) float32 shares.

    Source: Zhang et al., mixup (ICLR 2018); Li et al., arXiv 2403.19866, for its use on synthetic images alone.
    """

    def __init__(self, alpha: float, num_classes: int) -> None:
        if alpha <= 0:
            raise ValueError(f"alpha must be positive, got {alpha}.")
        self.alpha, self.num_classes = float(alpha), int(num_classes)

    def randomize(self, batch_size: int) -> None:
        """Draw shares and partners for a batch."""
        self.mix_up = MixUp(batch_size, self.alpha).set_random_state(state=self.R)
        self.mix_up.randomize()

    def __call__(self, data: Mapping[Hashable, torch.Tensor]) -> dict[Hashable, torch.Tensor]:
        self.randomize(len(data["image"]))
        image, label = self.mix_up(data["image"], soft_labels(data["label"], self.num_classes), randomize=False)
        return {**data, "image": image, "label": label}


def soft_labels(label: torch.Tensor, num_classes: int) -> torch.Tensor:
    """(B, 1, H, W) classes 0…K−1 or 255 -> (B, K, H, W) float32: 1 in the class's channel, zeros where it is 255."""
    index = label[:, 0].long()
    labelled = index != UNLABELLED
    return one_hot(index.where(labelled, 0), num_classes).movedim(-1, 1).float() * labelled[:, None]


def then_mix_up(augment: Callable[[Any], Any], alpha: float | None, num_classes: int) -> Callable[[Any], Any]:
    """``augment`` followed by mixup; ``augment`` itself, and so the same batches as ever, where alpha is None or 0.

    Raises:
        ScanError: if alpha is no number from 0 up.
    """
    if alpha is None:
        return augment
    if isinstance(alpha, bool) or not isinstance(alpha, int | float) or not 0 <= alpha < np.inf:
        raise ScanError(f"--mixup takes the alpha of a Beta distribution, 0.2 say, or 0 for none, got {alpha!r}.")
    return Compose([augment, RandMixUpBatchd(alpha, num_classes)]) if alpha else augment
