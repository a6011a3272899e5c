"""The pretext task by its name: what a rock denoiser learns, as weights of a loss and a share of clean images."""

from collections.abc import Mapping
from typing import Any

from synfine_monai.errors import ScanError

__all__ = ["choose_pretext"]


def choose_pretext(name: str, known: Mapping[str, Mapping[str, Any]], **changes: float | None) -> dict[str, Any]:
    """The settings of a pretext task, with those of ``changes`` that are not None.

    Args:
        name: of one in ``known``.
        known: name -> "image_weight" and "mask_weight", ≥ 0 and not both 0, and "clean", the share of images that
            are shown without noise, 0 to 1.
        changes: the same settings, given by the user; None leaves them as they are.

    Raises:
        ScanError: if the name is unknown, a weight is out of range, or noise is to be removed where there is none.
    """
    if name not in known:
        raise ScanError(f"--pretext {name} is unknown: choose {', '.join(known)}.")
    chosen = {**known[name], **{setting: value for setting, value in changes.items() if value is not None}}
    weights = {setting: chosen[setting] for setting in ("image_weight", "mask_weight")}
    for setting, value in weights.items():
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < float("inf"):
            raise ScanError(f"--{setting} takes a number from 0 up, got {value!r}.")
    if not any(weights.values()):
        raise ScanError("--image_weight and --mask_weight are both 0, so that nothing would be learned: raise one.")
    clean = chosen["clean"]
    if isinstance(clean, bool) or not isinstance(clean, int | float) or not 0 <= clean <= 1:
        raise ScanError(f"--clean takes a share from 0 to 1, got {clean!r}.")
    if weights["image_weight"] and clean == 1:
        raise ScanError("without noise there is none to remove: give --image_weight 0, or --clean below 1.")
    return chosen
