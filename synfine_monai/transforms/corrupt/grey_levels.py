"""Corrupt the grey levels of a scan: the one call that experiments need."""

from pathlib import Path

import numpy as np
import torch

from synfine_monai.transforms import AttenuationToGrey, GreyToAttenuation, estimate_air_and_solid
from synfine_monai.transforms.corrupt.in_field_of_view import InFieldOfView
from synfine_monai.transforms.corrupt.severity import SEVERITIES_FILE, corruption_at

__all__ = ["corrupt_grey"]


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
