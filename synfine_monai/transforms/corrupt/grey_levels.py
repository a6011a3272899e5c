"""Corruptions of a scan's grey levels, inside the field of view only."""

from pathlib import Path

import numpy as np
import torch
from monai.transforms import Transform

from synfine_monai.transforms import (
    AttenuationToGrey,
    GreyToAttenuation,
    estimate_air_and_solid,
    fill_outside,
    require_attenuation,
)
from synfine_monai.transforms.corrupt.severity import SEVERITIES_FILE, corruption_at


def corrupt_grey(
    image: np.ndarray, fov: np.ndarray, name: str, severity: int, seed: int, path: str | Path = SEVERITIES_FILE
) -> np.ndarray:
    """A scan with one CT artefact, in the grey levels of the scan.

    Grey levels inside the field of view are scaled to attenuations (air 0, solid 1), corrupted and scaled back. All
    slices count as neighbours of one scan: pass slices that lie far apart one by one, as blurs reach across slices.

    Args:
        image: grey levels (D, H, W), any real dtype.
        fov: (D, H, W) bool, True inside.
        name: see ``CORRUPTION_NAMES``.
        severity: 1 to 5.
        seed: the same seed gives the same image; the artefact keeps its places from one severity to the next.
        path: file of severities, by default the package's own.

    Returns:
        (D, H, W) float32; outside the field of view nothing changes.

    Raises:
        ScanError: if the name or severity is unknown, or air and solid cannot be told inside the field of view.
    """
    fov = np.array(fov, dtype=bool)
    grey = np.array(image, dtype=np.float32)
    generator = torch.Generator().manual_seed(seed)
    corruption = InFieldOfView(corruption_at(name, severity, generator, path))
    levels = estimate_air_and_solid(grey, fov)
    attenuation = GreyToAttenuation(*levels)(torch.from_numpy(grey)[None])
    corrupted = AttenuationToGrey(*levels)(corruption(attenuation, torch.from_numpy(fov)))[0].numpy()
    return np.where(fov, corrupted, grey)


class InFieldOfView(Transform):
    """Apply ``corruption`` to the smallest box around the core, whose corners are first filled from its rim.

    So blurs do not drag the mount in, and the axis of rotation is the middle of the core. A corruption with
    ``sees_core = True`` is told which voxels are the core.

    Args:
        corruption: called with (C, [D,] H, W) attenuations.

    Shapes:
        attenuation (C, [D,] H, W), float; fov ([D,] H, W), bool -> same shape and dtype; bit-identical outside.

    Raises:
        ValueError: if shapes differ or the field of view is empty.
    """

    def __init__(self, corruption: Transform) -> None:
        self.corruption = corruption

    def __call__(self, attenuation: torch.Tensor, fov: torch.Tensor) -> torch.Tensor:
        require_attenuation(attenuation, "InFieldOfView")
        if attenuation.shape[1:] != fov.shape:
            raise ValueError(f"the image has shape {tuple(attenuation.shape)}, its field of view {tuple(fov.shape)}.")
        if not fov.any():
            raise ValueError("the field of view is empty: there is nothing to corrupt.")
        box = (..., *_box_around(fov))
        inside = fov[box[1:] if fov.ndim == 2 else box]
        filled = torch.stack([_filled(channel, inside) for channel in attenuation[box]])
        more = (inside,) if getattr(self.corruption, "sees_core", False) else ()
        out = attenuation.clone()
        out[box] = torch.where(inside, self.corruption(filled, *more), attenuation[box])
        return out


def _box_around(fov: torch.Tensor) -> tuple[slice, slice]:
    """Rows and columns that hold any of the core."""
    plane = fov.reshape(-1, *fov.shape[-2:]).any(0)
    rows, columns = (plane.any(axis).nonzero().flatten() for axis in (1, 0))
    return slice(int(rows[0]), int(rows[-1]) + 1), slice(int(columns[0]), int(columns[-1]) + 1)


def _filled(channel: torch.Tensor, inside: torch.Tensor) -> torch.Tensor:
    slices = channel.reshape(-1, *channel.shape[-2:]).float().cpu().numpy()
    filled = fill_outside(slices, inside.reshape(slices.shape).cpu().numpy())
    smooth = torch.from_numpy(filled).reshape(channel.shape).to(channel)
    return torch.where(inside, channel, smooth)
