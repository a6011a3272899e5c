"""Give synthetic images the grey levels and the spectrum of real ones, without a generator's help."""

from collections.abc import Mapping

import numpy as np
import torch
from scipy.fft import dctn, idctn

from synfine_monai.errors import ScanError

QUANTILES = np.linspace(0, 1, 1001)
LARGEST_GAIN = 10.0  # where one set has next to no power, a ratio says nothing
BATCH = 1024


def match_look(
    pairs: Mapping[str, torch.Tensor], real: torch.Tensor, histogram: bool = True, spectrum: bool = True
) -> dict[str, torch.Tensor]:
    """Match the images of all pairs together to a set of real ones; each image keeps its share of what is dark.

    First the amplitudes: every image is filtered by the ratio of both sets' mean amplitudes at each radial frequency,
    with mirrored edges. Then the grey levels: one rising curve, the same for all images, maps the quantiles of the set
    onto the real ones; this moves the spectrum a little once more.

    Args:
        pairs: "image" (N, 1, S, S) of all pairs at once, and anything else, which is handed on as it is.
        real: (M, 1, S, S) real images, normalised alike; no labels are needed.
        histogram: match the grey levels.
        spectrum: match the radial amplitudes.

    Returns:
        The pairs with images of the same dtype.

    Raises:
        ScanError: if the images are not square and of one size.
    """
    images, target = (np.asarray(part.float())[:, 0] for part in (pairs["image"], real))
    if images.shape[1:] != target.shape[1:] or len(set(images.shape[1:])) != 1:
        raise ScanError(f"looks of images of {images.shape[1:]} and {target.shape[1:]} voxels cannot be matched.")
    if spectrum:
        images = _filtered(images, _amplitudes(target), _amplitudes(images))
    if histogram:
        levels, wanted = (np.quantile(values, QUANTILES) for values in (images, target))
        images = np.interp(images, levels, wanted)
    return {**pairs, "image": torch.from_numpy(images)[:, None].to(pairs["image"].dtype)}


def _rings(side: int) -> np.ndarray:
    """(S, S) radial frequency of each coefficient of a cosine transform, in half cycles an image."""
    return np.hypot(*np.indices((side, side)))


def _amplitudes(images: np.ndarray) -> np.ndarray:
    """Root mean square amplitude in each ring of one half cycle: (largest ring + 1,)."""
    power = sum(
        (dctn(batch, axes=(1, 2), norm="ortho").astype(float) ** 2).sum(0)
        for batch in np.array_split(images, -(-len(images) // BATCH))
    )
    rings = np.rint(_rings(images.shape[-1])).astype(int)
    return np.sqrt(np.bincount(rings.ravel(), power.ravel()) / np.bincount(rings.ravel()) / len(images))


def _filtered(images: np.ndarray, wanted: np.ndarray, found: np.ndarray) -> np.ndarray:
    gains = np.clip(wanted / np.maximum(found, 1e-6), 1 / LARGEST_GAIN, LARGEST_GAIN)
    gains[0] = 1.0  # the mean is a matter of the grey levels
    gain = np.interp(_rings(images.shape[-1]), np.arange(len(gains)), gains).astype(np.float32)
    batches = np.array_split(images, -(-len(images) // BATCH))
    return np.concatenate(
        [idctn(dctn(b, axes=(1, 2), norm="ortho") * gain, axes=(1, 2), norm="ortho") for b in batches]
    )
