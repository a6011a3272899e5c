"""Labels, and how sure they are, as bytes: entropy or disagreement, and probabilities."""

from collections.abc import Callable, Hashable, Mapping
from math import log

import torch
from monai.transforms import Transform

from synfine_monai.errors import ScanError
from synfine_monai.transforms.logits_to_labels import LogitsToLabelsd

__all__ = ["LabelsWithUncertaintyd", "is_disagreement", "is_measured"]

MEASURES = ("none", "entropy", "disagreement")


class LabelsWithUncertaintyd(Transform):
    r"""Add "labels" as ``LogitsToLabelsd`` does, and where asked for "uncertainty" and "probabilities" as uint8.

    Entropy is that of the probabilities, :math:`-\sum_k p_k \ln p_k / \ln K`: 0 where one class is certain, 255 where
    all are equally probable. Disagreement is the share of members (views, flips, networks) that say another class than
    the label: 0 where all agree. Both are 0 outside the field of view, and so are the probabilities.

    Args:
        classes: number of classes K, >= 2.
        uncertainty: "entropy", "disagreement" or "none" (None as well).
        probabilities: whether to add them, 255 being certain; rounded, so they add up to 255 ± K / 2.

    Shapes:
        "pred" (K, D, H, W) logits, or (K + 1, D, H, W) with the disagreement, 0 to 1, as its last channel; "fov"
        (1, D, H, W) bool -> "labels" and "uncertainty" (D, H, W) uint8, "probabilities" (K, D, H, W) uint8, on the CPU.

    Raises:
        ScanError: if the measure is unknown.
        ValueError: if there are fewer than two classes; when called, if "pred" has another number of channels.
    """

    def __init__(self, classes: int, uncertainty: str | None = None, probabilities: bool = False) -> None:
        uncertainty = "none" if uncertainty is None else uncertainty
        if uncertainty not in MEASURES:
            raise ScanError(f"--uncertainty takes {', '.join(MEASURES)}, got '{uncertainty}'.")
        if classes < 2:
            raise ValueError(f"uncertainty needs at least two classes, got {classes}.")
        self.classes, self.uncertainty, self.probabilities = int(classes), uncertainty, probabilities
        self.labels = LogitsToLabelsd()

    def __call__(self, data: Mapping[Hashable, torch.Tensor]) -> dict[Hashable, torch.Tensor]:
        out = dict(data)
        channels = self.classes + (self.uncertainty == "disagreement")
        if out["pred"].shape[0] != channels:
            raise ValueError(f"'pred' has {out['pred'].shape[0]} channels, but {self.classes} classes with uncertainty "
                             f"'{self.uncertainty}' are {channels}.")  # fmt: skip
        logits, outside = out["pred"][: self.classes], ~out["fov"][0].cpu()
        out["labels"] = self.labels({"pred": logits, "fov": out["fov"]})["labels"]
        if self.uncertainty == "disagreement":
            out["uncertainty"] = _bytes(out["pred"][-1]).cpu().masked_fill_(outside, 0)
        if self.uncertainty == "entropy":
            out["uncertainty"] = _by_slices(logits, _entropy).cpu().masked_fill_(outside, 0)
        if self.probabilities:
            out["probabilities"] = _by_slices(logits, _probabilities).cpu().masked_fill_(outside, 0)
        return out


def is_measured(uncertainty: str | None) -> bool:
    """Whether there is an uncertainty to be written."""
    return uncertainty not in (None, "none")


def is_disagreement(uncertainty: str | None) -> bool:
    """Whether a measure needs the votes of the members, which their mean does not tell."""
    return uncertainty == "disagreement"


def _entropy(logits: torch.Tensor) -> torch.Tensor:
    logarithms = logits.float().log_softmax(0)
    return _bytes(-(logarithms.exp() * logarithms).sum(0) / log(len(logits)))


def _probabilities(logits: torch.Tensor) -> torch.Tensor:
    return _bytes(logits.float().softmax(0))


def _by_slices(logits: torch.Tensor, measure: Callable[[torch.Tensor], torch.Tensor]) -> torch.Tensor:
    """``measure`` of (K, H, W) logits for each slice, so that no float copy of the slab is made."""
    return torch.stack([measure(one) for one in logits.unbind(1)], dim=-3)


def _bytes(share: torch.Tensor) -> torch.Tensor:
    return share.mul(255).round().clamp(0, 255).to(torch.uint8)
