"""Distances between two sets of images by their grey levels, two-point correlations and power spectra."""

import numpy as np
import torch
from scipy.fft import fft2, fftfreq
from scipy.signal.windows import hann
from scipy.stats import wasserstein_distance
from skimage.filters import threshold_otsu

from synfine_monai.errors import ScanError
from synfine_monai.rock import two_point_correlation

MAX_VOXELS = 200_000
TAILS = (0.5, 99.5)  # percentiles: beyond them lie a few metal voxels that would draw the threshold upwards
FLOOR = 1e-12  # of power: a patch without any contrast has a logarithm, too


def grey_level_distance(a: torch.Tensor | np.ndarray, b: torch.Tensor | np.ndarray) -> float:
    """Wasserstein-1 distance of all grey levels of one set to those of the other.

    Args:
        a: (N, 1, H, W) normalised images.
        b: (M, 1, H, W) images, normalised alike.

    Returns:
        Normalised units, ≥ 0: a shift of all grey levels by one standard deviation is 1. Of larger sets, about
        200,000 evenly spaced voxels are taken.

    Raises:
        ScanError: as ``image_set``.
    """
    return float(wasserstein_distance(*(_thinned(image_set(images).ravel()) for images in (a, b))))


def _thinned(levels: np.ndarray) -> np.ndarray:
    # an odd step drifts through the columns of patches whose width is even
    return levels[:: -(-levels.size // MAX_VOXELS) | 1]


def dark_threshold(images: torch.Tensor | np.ndarray) -> float:
    """Otsu's threshold of all grey levels of a set but their extremes; below it a voxel counts as dark.

    Raises:
        ScanError: if the images have no contrast, or as ``image_set``.
    """
    levels = image_set(images).ravel()
    low, high = np.percentile(levels, TAILS)
    if not low < high:
        raise ScanError(f"dark and bright cannot be told apart: nearly all voxels have the grey level {low:g}.")
    return float(threshold_otsu(levels[(levels >= low) & (levels <= high)]))


def correlation_distance(
    real: torch.Tensor | np.ndarray, made: torch.Tensor | np.ndarray, reach: int = 32, threshold: float | None = None
) -> float:
    """Mean over r of the difference between the two-point correlations of the dark phase.

    The threshold is the same for both sets, so that a wrong dark share counts (at r = 0) beside wrong sizes and
    spacings. The bright phase adds nothing: its correlation follows from the dark one's.

    Args:
        real: (N, 1, H, W) normalised images.
        made: (M, 1, H, W) images, normalised alike.
        reach: longest distance in voxels, < H and W.
        threshold: grey level below which a voxel is dark; default: ``dark_threshold(real)``.

    Returns:
        Percent of the real set's dark share, ≥ 0, as ``two_point_error``.

    Raises:
        ScanError: if the real set has no contrast or nothing dark, or as ``image_set``.
    """
    threshold = dark_threshold(real) if threshold is None else threshold
    dark = [image_set(images) < threshold for images in (real, made)]
    true, found = (two_point_correlation(pores, np.ones_like(pores), reach) for pores in dark)
    if true[0] == 0:
        raise ScanError(f"no voxel of the real set is darker than {threshold:g}.")
    return float(100 * np.nanmean(np.abs(found - true)) / true[0])


def radial_power_spectrum(images: torch.Tensor | np.ndarray) -> np.ndarray:
    """Mean over the set of the log10 power at each radial frequency.

    Each image is made free of its mean and Hann-windowed; its power is averaged over rings one cycle wide, in units in
    which white noise has its variance at every frequency.

    Args:
        images: (N, 1, S, S), square.

    Returns:
        (S // 2,) float64, log10 of squared grey levels, for 1 to S // 2 cycles an image.

    Raises:
        ScanError: if the images are not square, or as ``image_set``.
    """
    patches = image_set(images)
    side = patches.shape[-1]
    if patches.shape[-2] != side or side < 4:
        raise ScanError(f"spectra need square images of 4 voxels or more, got {patches.shape[-2]}×{side}.")
    window = np.outer(*[hann(side, sym=False).astype(np.float32)] * 2)
    patches = (patches - patches.mean((1, 2), keepdims=True)) * window
    power = np.abs(fft2(patches)) ** 2 / (window**2).sum()
    cycles = fftfreq(side, 1 / side)
    ring = np.rint(np.hypot(*np.meshgrid(cycles, cycles))).astype(int).ravel()
    members = (np.arange(1, side // 2 + 1)[:, None] == ring).astype(np.float32)
    means = power.reshape(len(patches), -1) @ (members / members.sum(1, keepdims=True)).T
    return np.log10(means.astype(np.float64) + FLOOR).mean(0)


def power_spectrum_distance(a: torch.Tensor | np.ndarray, b: torch.Tensor | np.ndarray) -> float:
    """Root mean square over the frequencies of the difference between two sets' radial log10 power.

    Args:
        a: (N, 1, S, S) normalised images.
        b: (M, 1, S, S) images, normalised alike.

    Returns:
        Decades of power, ≥ 0; 0.6 is twice the contrast at every size.

    Raises:
        ScanError: if the sizes of the images differ, or as ``radial_power_spectrum``.
    """
    first, second = radial_power_spectrum(a), radial_power_spectrum(b)
    if first.shape != second.shape:
        raise ScanError(f"spectra of images of {2 * len(first)} and {2 * len(second)} voxels cannot be compared.")
    return float(np.sqrt(np.mean((first - second) ** 2)))


def image_set(images: torch.Tensor | np.ndarray) -> np.ndarray:
    """Slices without their channel, in float32.

    Args:
        images: (N, 1, H, W), torch or numpy, any real dtype.

    Returns:
        (N, H, W) float32.

    Raises:
        ScanError: if the shape is another, the set is empty, or a value is not finite.
    """
    array = np.asarray(images.detach().cpu() if isinstance(images, torch.Tensor) else images)
    if array.ndim != 4 or array.shape[1] != 1 or array.size == 0:
        raise ScanError(f"a set of images must be (N, 1, H, W) with N > 0, got {array.shape}.")
    array = array[:, 0].astype(np.float32)
    if not np.isfinite(array).all():
        raise ScanError(f"{np.count_nonzero(~np.isfinite(array)):,} voxels of a set of images are not finite.")
    return array
