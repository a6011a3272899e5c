"""What must be said first of scores that few labels tell."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from synfine_monai.conventions import UNLABELLED
from synfine_monai.data import LabelledSlice, find_strokes
from synfine_monai.metrics import clustered_share

STROKES, TRAINING = "held-back strokes", "training"


def first_notes(
    methods: Mapping[str, Mapping[str, Any]],
    judged_by: str,
    slices: Sequence[LabelledSlice],
    predictions: Sequence[np.ndarray],
) -> list[str]:
    """Whether tuning made a network worse, and how far scores on strokes can be trusted; most important first.

    Args:
        methods: of ``metrics.json``, the network itself first.
        judged_by: of the task: what the scored labels are where nobody named test items.
        slices: the scored slices.
        predictions: (H, W) classes of the network itself on each of them.
    """
    notes = [] if (worse := _worse_than_untuned(methods, judged_by)) is None else [worse]
    if judged_by == STROKES:
        shares, voxels = _right_of_stroke(slices, predictions)
        found = clustered_share(shares, voxels)
        notes.append(
            f"{len(shares)} held-back stroke{'s' * (len(shares) != 1)} ({sum(voxels):,} voxels) judge: "
            f"{100 * found.mean:.1f} % of their voxels are right, 95 % interval {100 * found.low:.0f} to "
            f"{100 * found.high:.0f} %. Strokes keep away from boundaries, so that whole slices score lower, and they "
            "say nothing of the porosity."
        )
    if judged_by == TRAINING:
        notes.append(
            "These are the very labels that were learned from, since no class has a second stroke to hold back: the "
            "scores say nothing of other voxels."
        )
    return notes


def without_porosity(methods: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Scores on strokes: their shares of pore voxels are the labeller's choice, and no porosity."""
    unknown = {"porosity": None, "porosity_error": None}
    return {
        name: {
            **scores,
            **unknown,
            "per_item": [{**item, **unknown, "true_porosity": None} for item in scores["per_item"]],
        }
        for name, scores in methods.items()
    }


def _worse_than_untuned(methods: Mapping[str, Mapping[str, Any]], judged_by: str) -> str | None:
    own, untuned = next(iter(methods.values()))["mean_dice"], methods.get("native", {}).get("mean_dice")
    if own is None or untuned is None or round(own, 3) >= round(untuned, 3):
        return None
    where = f"on {judged_by}" if judged_by else "on these items"
    return (
        f"Tuning made it worse: mean Dice {own:.3f} {where}, {untuned:.3f} without it. Correct what is wrong by more "
        "strokes, or keep the untuned network (--tune none)."
    )


def _right_of_stroke(slices: Sequence[LabelledSlice], predictions: Sequence[np.ndarray]) -> tuple[list, list]:
    """Share of right voxels, and number of voxels, of each stroke."""
    shares, voxels = [], []
    for item in dict.fromkeys(s.item for s in slices):
        own = sorted((s.z, i) for i, s in enumerate(slices) if s.item == item)
        strokes = find_strokes((z, slices[i].label, slices[i].label != UNLABELLED) for z, i in own)
        right = np.concatenate(
            [(predictions[i] == slices[i].label)[slices[i].label != UNLABELLED] for _, i in own] or [np.empty(0)]
        )
        counts = np.bincount(strokes.numbers, minlength=strokes.count)
        shares += (np.bincount(strokes.numbers, weights=right, minlength=strokes.count) / counts).tolist()
        voxels += counts.tolist()
    return shares, voxels
