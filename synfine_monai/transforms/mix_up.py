"""Mixup of a batch of labelled patches: images and labels blended pairwise, pixels without a label left out."""

from collections.abc import Callable, Hashable, Mapping
from typing import Any

import numpy as np
import torch
from monai.transforms import Compose, MixUp, Randomizable, Transform
from torch.nn.functional import one_hot

from synfine_monai.conventions import UNLABELLED
from synfine_monai.errors import ScanError

__all__ = ["RandMixUpBatchd", "soft_labels", "then_mix_up"]


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
