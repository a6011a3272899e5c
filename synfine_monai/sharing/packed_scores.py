"""The scores that a bundle tells: how well the model does beside simpler methods, without any item or porosity."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from synfine_monai.report import METHOD_WORDS

TOLD = ("pore_dice", "pore_iou", "mean_dice", "accuracy", "porosity_error")
"""Keys of a method in ``metrics.json``; ``porosity`` itself is the owner's to tell, and so are ``per_item`` scores."""

SPLITS = ("training", "validation", "test", "held-back slices", "held-back strokes", "held-back rows")
DIGITS = 4


@dataclass(frozen=True)
class PackedScores:
    """Rounded scores.

    Attributes:
        split: which items were scored, in a word of this package.
        model: score -> value of the packed model; ``porosity_error`` in percentage points, all others 0 to 1.
        dice: class -> Dice of the packed model, None where the class was in neither truth nor prediction.
        others: method in words -> score -> value, of the methods scored beside it.
    """

    split: str
    model: Mapping[str, float]
    dice: Mapping[str, float | None]
    others: Mapping[str, Mapping[str, float]]

    def as_metadata(self) -> dict[str, Any]:
        """``eval_metrics`` of ``metadata.json``; classes by number, for a name could hold what MONAI splits keys at."""
        by_class = {f"dice_{k}": value for k, value in enumerate(self.dice.values()) if value is not None}
        return {"split": self.split, **self.model, **by_class}


def packed_scores(metrics: Mapping[str, Any] | None, method: str) -> PackedScores | None:
    """Take from ``metrics.json`` what a bundle tells.

    Args:
        metrics: its content, or None where nothing was evaluated.
        method: name of the packed model among its methods.

    Returns:
        None without metrics, or where they lack the model. Methods are told if this package names them; models that
        the owner gave names of their own are left out.
    """
    if metrics is None or method not in metrics["methods"]:
        return None
    own = metrics["methods"][method]
    dice = {name: _rounded(scores["dice"]) for name, scores in own["per_class"].items()}
    others = {
        METHOD_WORDS[name]: _told(scores)
        for name, scores in metrics["methods"].items()
        if name in METHOD_WORDS and name != method
    }
    return PackedScores(_split(metrics["split"]), _told(own), dice, others)


def _split(split: str) -> str:
    return split if split in SPLITS else "labelled items"


def _told(scores: Mapping[str, Any]) -> dict[str, float]:
    return {key: _rounded(scores[key]) for key in TOLD if scores.get(key) is not None}


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(float(value), DIGITS)
