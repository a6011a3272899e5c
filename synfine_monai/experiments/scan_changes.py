"""Scans as they come after the one that a model was made on: cropped, exported anew, with a phase exchanged."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy.ndimage import binary_dilation, gaussian_filter

from synfine_monai.conventions import UNLABELLED
from synfine_monai.errors import ScanError
from synfine_monai.transforms.corrupt import corrupt_grey

CROPS = 6  # of each slice
MOSTLY = 0.9  # of a crop lies in the core


@dataclass(frozen=True)
class ScanPart:
    """One scan as a user has it.

    Attributes:
        image: (D, H, W) grey levels of the scan's own type.
        label: (D, H, W) uint8 classes, 255 where not labelled.
        fov: (D, H, W) bool.
        plain: (D, H, W) the same voxels before anything was changed.
    """

    image: np.ndarray
    label: np.ndarray
    fov: np.ndarray
    plain: np.ndarray


def changed_scans(
    slices: Sequence[ScanPart], change: Mapping[str, Any], classes: Mapping[str, Sequence[int]], seed: int
) -> Iterator[ScanPart]:
    """The scans that a change makes of a task's slices.

    Args:
        slices: labelled slices (1, H, W) of a task.
        change: one entry of the experiment's ``changes``: its kind and number.
        classes: "pore" and "brightest", the classes that are changed or avoided.
        seed: of places and noise.

    Raises:
        ScanError: if the change is of no known kind.
    """
    (kind, amount), *_ = change.items()
    random = np.random.default_rng(seed)
    if kind == "none":
        yield _joined(slices)
    elif kind == "slices":
        yield from slices
    elif kind == "crop":
        for part in slices:
            yield from _crops(part, int(amount), random)
    elif kind == "without":
        yield _without(_joined(slices), classes[amount])
    elif kind in GREY:
        yield from (_grey(part, kind, amount, classes, seed) for part in [_joined(slices)])
    else:
        raise ScanError(f"a change is one of none, slices, crop, without, {', '.join(GREY)}; got {kind!r}.")


def _joined(parts: Sequence[ScanPart]) -> ScanPart:
    return ScanPart(*(np.concatenate([getattr(p, name) for p in parts]) for name in ScanPart.__dataclass_fields__))


def _crops(part: ScanPart, size: int, random: np.random.Generator) -> Iterator[ScanPart]:
    height, width = part.fov.shape[1:]
    if size > min(height, width):
        return
    found = 0
    for _ in range(400):
        y, x = random.integers(height - size + 1), random.integers(width - size + 1)
        cut = np.s_[:, y : y + size, x : x + size]
        if (part.label[cut] != UNLABELLED).mean() >= MOSTLY:
            found += 1
            yield ScanPart(*(getattr(part, name)[cut] for name in ScanPart.__dataclass_fields__))
        if found == CROPS:
            return


def _without(part: ScanPart, classes: Sequence[int]) -> ScanPart:
    """The core without all that lies within three voxels of some classes."""
    near = binary_dilation(np.isin(part.label, classes), iterations=3)
    return replace(part, fov=part.fov & ~near, label=np.where(near, UNLABELLED, part.label).astype(np.uint8))


def _affine(grey: np.ndarray, part: ScanPart, amount: Any, classes: Any, seed: int) -> np.ndarray:
    gain, offset = amount
    return gain * grey + offset * grey[part.fov].std()


def _scaled(grey: np.ndarray, part: ScanPart, amount: Any, classes: Any, seed: int) -> np.ndarray:
    return (amount * grey).astype(np.float32)


def _window(grey: np.ndarray, part: ScanPart, amount: Any, classes: Any, seed: int) -> np.ndarray:
    low, high = np.percentile(grey[part.fov], amount)
    return np.clip(255 * (grey - low) / (high - low), 0, 255).round().astype(np.uint8)


def _gamma(grey: np.ndarray, part: ScanPart, amount: Any, classes: Any, seed: int) -> np.ndarray:
    low, high = grey[part.fov].min(), grey[part.fov].max()
    return low + (high - low) * np.clip((grey - low) / (high - low), 0, 1) ** amount


def _fill_pores(grey: np.ndarray, part: ScanPart, amount: Any, classes: Any, seed: int) -> np.ndarray:
    """Lift the pores by a share of their distance to the rest, softly at their rims as partial volume does."""
    pore = np.isin(part.label, classes["pore"])
    solid = part.fov & ~pore & (part.label != UNLABELLED)
    lift = amount * (np.median(grey[solid]) - np.median(grey[pore]))
    soft = np.stack([gaussian_filter(one.astype(np.float32), 1.0) for one in pore])
    return grey + lift * soft


def _corrupted(grey: np.ndarray, part: ScanPart, amount: Any, classes: Any, seed: int) -> np.ndarray:
    name, severity = amount
    pairs = zip(grey, part.fov, strict=True)
    return np.concatenate([corrupt_grey(g[None], f[None], name, severity, seed + z) for z, (g, f) in enumerate(pairs)])


def _drift(grey: np.ndarray, part: ScanPart, amount: Any, classes: Any, seed: int) -> np.ndarray:
    return grey * (1 + amount * np.linspace(-0.5, 0.5, len(grey)))[:, None, None]


GREY = {
    "affine": _affine,
    "scaled": _scaled,
    "window": _window,
    "gamma": _gamma,
    "fill_pores": _fill_pores,
    "corruption": _corrupted,
    "drift": _drift,
}


def _grey(part: ScanPart, kind: str, amount: Any, classes: Mapping[str, Sequence[int]], seed: int) -> ScanPart:
    grey = GREY[kind](part.image.astype(np.float64), part, amount, classes, seed)
    return replace(part, image=grey if kind in ("window", "scaled") else _typed(grey, part.image.dtype))


def _typed(grey: np.ndarray, dtype: np.dtype) -> np.ndarray:
    """In the scan's own type; float32 where whole numbers would not hold the values."""
    limits = np.iinfo(dtype) if dtype.kind in "ui" else None
    fits = limits is not None and limits.min <= grey.min() and grey.max() <= limits.max
    return grey.round().astype(dtype) if fits else grey.astype(np.float32)
