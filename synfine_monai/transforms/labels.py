"""Labels from logits, how far to trust them, and the phases that they stand for."""

from collections.abc import Callable, Hashable, Mapping, Sequence
from itertools import product
from math import log

import numpy as np
import torch
from monai.transforms import Transform

from synfine_monai.conventions import OUTSIDE, PHASES, UNLABELLED
from synfine_monai.errors import ScanError

STRIP = 64
"""Rows that are labelled at once, so that what is compared stays in the cache."""
MEASURES = ("none", "entropy", "disagreement")


class LogitsToLabelsd(Transform):
    """Add "labels", the most probable class inside the field of view and 255 ("not labelled") outside.

    Args:
        probabilities: also add "probabilities", the softmax of the logits.
        pore_labels: classes whose probabilities are added up as "pore_probability"; None: without it.

    Shapes:
        "pred" (K, D, H, W) logits and "fov" (1, D, H, W) bool -> "labels" (D, H, W) uint8 and, where asked for,
        "probabilities" (K, D, H, W) float32, 0 to 1, adding up to 1, also outside the field of view, and
        "pore_probability" (D, H, W) float32, 0 outside; all on the CPU.
    """

    def __init__(self, probabilities: bool = False, pore_labels: Sequence[int] | None = None) -> None:
        self.probabilities, self.pore_labels = probabilities, pore_labels

    def __call__(self, data: Mapping[Hashable, torch.Tensor]) -> dict[Hashable, torch.Tensor]:
        out = dict(data)
        logits, inside = out["pred"], out["fov"][0].cpu()
        out["labels"] = _first_largest(logits).bitwise_or_(OUTSIDE * (~inside).view(torch.uint8))
        if self.probabilities:
            out["probabilities"] = logits.float().softmax(0).cpu()
        if self.pore_labels is not None:
            out["pore_probability"] = _pore_probability(logits, self.pore_labels, inside)
        return out


def _pore_probability(logits: torch.Tensor, pore_labels: Sequence[int], inside: torch.Tensor) -> torch.Tensor:
    chances = logits.float().softmax(0)[list(pore_labels)].sum(0).clamp_(max=1).cpu()  # sums may end just above 1
    return chances.masked_fill_(~inside, 0)


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


class LabelsWithUncertaintyd(Transform):
    r"""Add "labels" as ``LogitsToLabelsd`` does, and where asked for "uncertainty" and "probabilities" as uint8.

    Entropy is that of the probabilities, :math:`-\sum_k p_k \ln p_k / \ln K`: 0 where one class is certain, 255 where
    all are equally probable. Disagreement is the share of members (views, flips, networks) that say another class than
    the label: 0 where all agree. Both are 0 outside the field of view, and so are the probabilities.

    Args:
        classes: number of classes K, >= 2.
        uncertainty: "entropy", "disagreement" or "none" (None as well).
        probabilities: whether to add them, 255 being certain; rounded, so they add up to 255 ± K / 2.
        pore_labels: as ``LogitsToLabelsd`` takes it.

    Shapes:
        "pred" (K, D, H, W) logits, or (K + 1, D, H, W) with the disagreement, 0 to 1, as its last channel; "fov"
        (1, D, H, W) bool -> "labels" and "uncertainty" (D, H, W) uint8, "probabilities" (K, D, H, W) uint8, on the CPU.

    Raises:
        ScanError: if the measure is unknown.
        ValueError: if there are fewer than two classes; when called, if "pred" has another number of channels.
    """

    def __init__(
        self,
        classes: int,
        uncertainty: str | None = None,
        probabilities: bool = False,
        pore_labels: Sequence[int] | None = None,
    ) -> None:
        uncertainty = "none" if uncertainty is None else uncertainty
        if uncertainty not in MEASURES:
            raise ScanError(f"--uncertainty takes {', '.join(MEASURES)}, got '{uncertainty}'.")
        if classes < 2:
            raise ValueError(f"uncertainty needs at least two classes, got {classes}.")
        self.classes, self.uncertainty, self.probabilities = int(classes), uncertainty, probabilities
        self.labels = LogitsToLabelsd(pore_labels=pore_labels)

    def __call__(self, data: Mapping[Hashable, torch.Tensor]) -> dict[Hashable, torch.Tensor]:
        out = dict(data)
        channels = self.classes + (self.uncertainty == "disagreement")
        if out["pred"].shape[0] != channels:
            raise ValueError(
                f"'pred' has {out['pred'].shape[0]} channels, but {self.classes} classes with uncertainty "
                f"'{self.uncertainty}' are {channels}."
            )
        logits, outside = out["pred"][: self.classes], ~out["fov"][0].cpu()
        found = self.labels({"pred": logits, "fov": out["fov"]})
        out |= {name: found[name] for name in ("labels", "pore_probability") if name in found}
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
