"""How much detail images have at each size: noise, blur and texture in one curve."""

import numpy as np
import torch
from scipy.fft import fft2, fftfreq
from scipy.signal.windows import hann

from synfine_monai.errors import ScanError
from synfine_monai.metrics.images import image_set

__all__ = ["power_spectrum_distance", "radial_power_spectrum"]

FLOOR = 1e-12  # of power: a patch without any contrast has a logarithm, too


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
