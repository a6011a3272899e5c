"""Real and synthetic patches in one pool, from which batches of both are drawn."""

from collections.abc import Callable, Mapping

import numpy as np
import torch

from synfine_monai.conventions import UNLABELLED
from synfine_monai.errors import ScanError

__all__ = ["mixed_pool", "synthetic_count", "with_margin"]

Patches = Mapping[str, torch.Tensor]


def synthetic_count(real: int, per_real: int | None) -> int:
    """Synthetic patches that join ``real`` ones; None and 0 mean none.

    Raises:
        ScanError: if ``per_real`` is no whole number from 0 up.
    """
    per_real = 0 if per_real is None else per_real
    if isinstance(per_real, bool) or not isinstance(per_real, int) or per_real < 0:
        raise ScanError(f"--synthetic_per_real takes a whole number from 0 up, got {per_real!r}.")
    return per_real * real


def mixed_pool(real: Patches, make_synthetic: Callable[[], Patches], count: int) -> Patches:
    """``real`` followed by ``count`` synthetic patches of the same size; ``real`` itself where there are none.

    Args:
        real: "image" (N, 1, S, S) float32 and "label" (N, 1, S, S) uint8.
        make_synthetic: makes "image" (count, 1, P, P) and "label" (count, 1, P, P), P ≤ S; called if ``count`` > 0.
        count: number of synthetic patches.
    """
    if not count:
        return real
    synthetic = with_margin(make_synthetic(), real["image"].shape[-1])
    return {name: torch.cat([real[name], synthetic[name].to(real[name].dtype)]) for name in ("image", "label")}


def with_margin(patches: Patches, size: int) -> dict[str, torch.Tensor]:
    """Patches with a margin such as real ones have: the image goes on by reflection, and the margin has no label.

    Args:
        patches: "image" and "label", (N, 1, P, P).
        size: S ≥ P, with S − P even.

    Returns:
        The same, (N, 1, S, S); 255 in the labels' margin.

    Raises:
        ValueError: if the patches do not fit into the middle of ``size``.
    """
    margin, odd = divmod(size - patches["image"].shape[-1], 2)
    if margin < 0 or odd:
        raise ValueError(f"patches of {patches['image'].shape[-1]} voxels do not fit into the middle of {size}.")
    around = ((0, 0), (0, 0), (margin, margin), (margin, margin))
    image, label = (patches[name].numpy() for name in ("image", "label"))
    return {
        "image": torch.from_numpy(np.pad(image, around, mode="reflect")),  # any margin, also one wider than the patch
        "label": torch.from_numpy(np.pad(label, around, constant_values=UNLABELLED)),
    }
