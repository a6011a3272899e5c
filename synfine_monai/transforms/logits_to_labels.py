"""From a network's logits to labels of a scan, as a MONAI post-processing transform."""

from collections.abc import Hashable, Mapping

import torch
from monai.transforms import Transform

__all__ = ["LogitsToLabelsd"]

OUTSIDE = 255


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
        out["labels"] = _first_largest(logits).cpu().bitwise_or_(OUTSIDE * (~inside).view(torch.uint8))
        if self.probabilities:
            out["probabilities"] = logits.float().softmax(0).cpu()
        return out


def _first_largest(logits: torch.Tensor) -> torch.Tensor:
    """``logits.argmax(0)`` as uint8, by class and arithmetic: argmax and masks take many times as long on a CPU."""
    best, labels = logits[0], torch.zeros(logits.shape[1:], dtype=torch.uint8, device=logits.device)
    for k, candidate in enumerate(logits[1:], 1):
        labels = torch.maximum(labels, k * (candidate > best).view(torch.uint8))
        best = torch.maximum(best, candidate)
    return labels
