"""Reference path: corrupt the projections and reconstruct, as a scanner does. Slow; tests hold the fast ones to it."""

import numpy as np
from skimage.transform import iradon, radon


def view_angles(views: int) -> np.ndarray:
    """(views,) directions over 180 degrees, in degrees."""
    return np.arange(views) * 180.0 / views


def project(image: np.ndarray, views: int) -> np.ndarray:
    """Line integrals of an (N, N) attenuation image that is zero outside its inscribed circle: (N elements, views)."""
    return radon(image, view_angles(views), circle=True)


def reconstruct(sinogram: np.ndarray, window: str = "ramp") -> np.ndarray:
    """Filtered back-projection of an (N, views) sinogram, (N, N); ``window`` "hann" smooths, "ramp" does not."""
    return iradon(sinogram, view_angles(sinogram.shape[1]), filter_name=window, circle=True)


def with_gain_errors(sinogram: np.ndarray, errors: np.ndarray, first: int = 0, last: int | None = None) -> np.ndarray:
    """Line integrals of each element wrong by ``errors`` (N,) from view ``first`` to ``last``: rings or arcs."""
    wrong = sinogram.copy()
    wrong[:, first:last] += errors[:, None]
    return wrong


def with_counting(sinogram: np.ndarray, photons: float, per_voxel: float, random: np.random.Generator) -> np.ndarray:
    """Poisson counts of ``photons`` unattenuated ones, where a line integral of 1 weakens a ray by ``per_voxel``."""
    counts = random.poisson(photons * np.exp(-per_voxel * sinogram)).clip(1)
    return -np.log(counts / photons) / per_voxel


def hardened(sinogram: np.ndarray, hardening: float) -> np.ndarray:
    """Line integrals :math:`p` read as :math:`p - b p^2`."""
    return sinogram - hardening * sinogram**2


def scan_moved(image: np.ndarray, moved: np.ndarray, views: int, start: float = 0.5) -> np.ndarray:
    """Sinogram of a sample that looks like ``image`` first and like ``moved`` after the share ``start`` of the scan."""
    before, after = project(image, views), project(moved, views)
    return np.where(np.arange(views) < start * views, before, after)


def with_blur(sinogram: np.ndarray, transfer: np.ndarray) -> np.ndarray:
    """Each view blurred along the detector by its transfer function at ``np.fft.rfftfreq(2 N)``."""
    elements = len(sinogram)
    spectrum = np.fft.rfft(sinogram, n=2 * elements, axis=0) * transfer[:, None]
    return np.fft.irfft(spectrum, n=2 * elements, axis=0)[:elements]


def with_zinger(sinogram: np.ndarray, element: int, view: int, depth: float) -> np.ndarray:
    """One reading too low by ``depth``, since its count was too high."""
    wrong = sinogram.copy()
    wrong[element, view] -= depth
    return wrong
