"""Dice and cross-entropy over the labelled pixels only."""

from collections.abc import Sequence

import torch
from monai.losses import DiceLoss
from torch import nn
from torch.nn.functional import cross_entropy


class MaskedDiceCELoss(nn.Module):
    """Soft Dice plus cross-entropy, blind to pixels that carry no label.

    Dice is pooled over the batch (a 64×64 patch often lacks a class) and averaged over the classes that the batch's
    labels hold: an absent class has no overlap to improve, and cross-entropy already penalises claiming it. Where
    nothing is labelled the loss is 0 and so are its gradients. Computed in float32, also under autocast.

    Soft targets hold a share of every class. A pixel whose shares add up to less than 1 counts by what they add up to,
    and one of zeros not at all. Their Dice is the one that a prediction equal to the target minimises.

    Args:
        lambda_dice: weight of the Dice term, ≥ 0.
        lambda_ce: weight of the cross-entropy term, ≥ 0.
        weight: one weight ≥ 0 a class for both averages; None weighs all alike.
        label_smoothing: share of the target spread over all classes in the cross-entropy, 0 to 1.
        ignore_index: the label that counts nowhere.

    Shapes:
        logits (B, K, H, W), float, K ≥ 2; target (B, 1, H, W), integers 0…K−1 or ``ignore_index``, or soft
        (B, K, H, W), float shares ≥ 0 with a sum ≤ 1 -> scalar float32.

    Raises:
        ValueError: if a weight or the smoothing is out of range, or if logits and target do not fit each other.

    Source: Wang et al., Dice Semimetric Losses (MICCAI 2023), for soft targets.
    """

    def __init__(
        self,
        lambda_dice: float = 1.0,
        lambda_ce: float = 1.0,
        weight: Sequence[float] | torch.Tensor | None = None,
        label_smoothing: float = 0.0,
        ignore_index: int = 255,
    ) -> None:
        super().__init__()
        if min(lambda_dice, lambda_ce) < 0 or lambda_dice + lambda_ce <= 0:
            raise ValueError(f"the loss needs a positive term, got lambda_dice={lambda_dice}, lambda_ce={lambda_ce}.")
        if not 0 <= label_smoothing <= 1:
            raise ValueError(f"label_smoothing must lie in 0 to 1, got {label_smoothing}.")
        self.weight = None if weight is None else torch.as_tensor(weight, dtype=torch.float32)
        if self.weight is not None and self.weight.min() < 0:
            raise ValueError(f"class weights must not be negative, got {self.weight.tolist()}.")
        self.lambda_dice, self.lambda_ce = float(lambda_dice), float(lambda_ce)
        self.label_smoothing, self.ignore_index = float(label_smoothing), int(ignore_index)
        self.dice_by_class = DiceLoss(
            softmax=True, to_onehot_y=True, batch=True, reduction="none", ignore_index=self.ignore_index
        )
        self.soft_dice_by_class = DiceLoss(batch=True, reduction="none", soft_label=True)

    def forward(self, logits: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        batch, classes = logits.shape[:2]
        soft = target.shape == logits.shape
        if classes < 2 or not (soft or target.shape == (batch, 1, *logits.shape[2:])):
            raise ValueError(
                f"logits {tuple(logits.shape)} and labels {tuple(target.shape)} do not fit: "
                "(B, K, H, W) with K ≥ 2 and (B, 1, H, W), or soft ones (B, K, H, W), are needed."
            )
        if self.weight is not None and len(self.weight) != classes:
            raise ValueError(f"{len(self.weight)} class weights were given for {classes} classes.")
        # MONAI's MetaTensors would carry their history through every operation
        logits, target = logits.as_subclass(torch.Tensor), target.as_subclass(torch.Tensor)
        cross_entropy_of, dice_of = (
            (self._soft_cross_entropy, self._soft_dice) if soft else (self._cross_entropy, self._dice)
        )
        with torch.autocast(logits.device.type, enabled=False):
            logits, target = logits.float(), target.float() if soft else target.long()
            weight = torch.ones(classes) if self.weight is None else self.weight
            weight = weight.to(logits)
            loss = logits.new_zeros(())
            if self.lambda_ce > 0:
                loss = loss + self.lambda_ce * cross_entropy_of(logits, target, weight)
            if self.lambda_dice > 0:
                loss = loss + self.lambda_dice * dice_of(logits, target, weight)
        return loss

    def _cross_entropy(self, logits: torch.Tensor, target: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
        """Weighted mean over labelled pixels, as ``torch.nn.CrossEntropyLoss``, but 0 where there are none."""
        target = target[:, 0]
        total = cross_entropy(
            logits,
            target,
            weight=None if self.weight is None else weight,
            ignore_index=self.ignore_index,
            label_smoothing=self.label_smoothing,
            reduction="sum",
        )
        labelled = target != self.ignore_index
        share = labelled if self.weight is None else weight[target.where(labelled, 0)] * labelled
        return total / share.sum().clamp_min(torch.finfo(total.dtype).tiny)

    def _dice(self, logits: torch.Tensor, target: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
        """Weighted mean of MONAI's Dice loss over the classes among the labels, 0 where there are none."""
        present = torch.stack([(target == index).any() for index in range(len(weight))])
        weight = weight * present
        losses = self.dice_by_class(logits, target).flatten()
        return (weight * losses).sum() / weight.sum().clamp_min(torch.finfo(losses.dtype).tiny)

    def _soft_cross_entropy(self, logits: torch.Tensor, target: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
        """Cross-entropy with the shares of the classes, divided by the sum of all shares."""
        labelled = target.sum(1, keepdim=True)
        smoothed = (1 - self.label_smoothing) * target + self.label_smoothing / len(weight) * labelled
        total = cross_entropy(logits, smoothed, weight=weight, reduction="sum")
        share = (weight.view(-1, 1, 1) * target).sum()
        return total / share.clamp_min(torch.finfo(total.dtype).tiny)

    def _soft_dice(self, logits: torch.Tensor, target: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
        """As ``_dice``; a class is present where it has any share."""
        weight = weight * target.any(3).any(2).any(0)
        losses = self.soft_dice_by_class(logits.softmax(1) * target.sum(1, keepdim=True), target).flatten()
        return (weight * losses).sum() / weight.sum().clamp_min(torch.finfo(losses.dtype).tiny)
