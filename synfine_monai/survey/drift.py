"""Slow drifts of the grey levels along a core and from its middle to its rim: a drifting tube, beam hardening."""

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import gaussian_filter1d
from scipy.optimize import least_squares

ZONES = 4  # of equal area, from the middle of the core to its rim
PIXELS = 1 << 15  # of a slice, evenly spaced, that its zones are told from
FEWEST = 1000  # of a zone, from which its peak is told
NEAR = 1.5  # of the scan's deviations: how far from the common peak that of a place is looked for
BINS, SMOOTHING = 512, 6.0


@dataclass(frozen=True)
class Drift:
    """How far the matrix peak lies from where it lies on average: a polynomial of height and squared distance.

    Attributes:
        along: coefficients of height and its square, height from -1 to 1.
        outwards: coefficient of the squared distance from the core's middle, 0 to 1, less its mean.
        depth: slices of the scan.
        middle: (y, x) of the core, voxels.
        radius: of the core, voxels.
        peak: common grey level of the matrix.
        gain: whether grey levels drift in proportion to themselves; else all of them by the same amount.
        scatter: of the peaks that were found about the curve, grey levels: a span of a few of these is chance.
    """

    along: tuple[float, float]
    outwards: float
    depth: int
    middle: tuple[float, float]
    radius: float
    peak: float
    gain: bool
    scatter: float

    def displacement(self, start: int, stop: int, height: int, width: int) -> np.ndarray:
        """How far the peak is displaced in slices ``start`` to ``stop`` (exclusive), grey levels, (D, H, W) float32."""
        up = _height(np.arange(start, stop), self.depth)
        rows, columns = np.ogrid[:height, :width]
        far = np.minimum(((rows - self.middle[0]) ** 2 + (columns - self.middle[1]) ** 2) / self.radius**2, 1.0)
        slices = self.along[0] * up + self.along[1] * (up**2 - 1 / 3)
        return (slices[:, None, None] + self.outwards * (far[None] - 0.5)).astype(np.float32)

    def correct(self, image: np.ndarray, start: int) -> np.ndarray:
        """Grey levels (D, H, W), from slice ``start`` on, as they would be without the drift."""
        displaced = self.displacement(start, start + len(image), *image.shape[1:])
        if self.gain:
            return image * (self.peak / np.maximum(self.peak + displaced, 0.1 * self.peak))
        return image - displaced

    @property
    def span(self) -> float:
        """Largest difference between two places of the core, grey levels."""
        up = np.linspace(-1, 1, 33)
        slices = self.along[0] * up + self.along[1] * (up**2 - 1 / 3)
        return float(np.ptp(slices) + abs(self.outwards))


@dataclass(frozen=True)
class Place:
    """Voxels of one zone of one slice.

    Attributes:
        z: of the slice.
        far: mean squared distance from the core's middle, in squared radii.
        values: (N,) grey levels.
    """

    z: int
    far: float
    values: np.ndarray


def core_circle(mask: np.ndarray) -> tuple[tuple[float, float], float]:
    """Middle (y, x) and radius, in voxels, of the core that a mask (H, W) shows; of the slice where it shows none."""
    points = np.argwhere(mask[::4, ::4] if mask.any() else np.ones_like(mask[::4, ::4])) * 4.0
    middle = points.mean(0)
    return (float(middle[0]), float(middle[1])), float(np.sqrt(((points - middle) ** 2).sum(1).max())) + 1.0


def places_of(image: np.ndarray, fov: np.ndarray, z: int, middle: tuple[float, float], radius: float) -> list[Place]:
    """The zones of a slice (H, W) that hold voxels enough."""
    step = max(1, round((image.size / PIXELS) ** 0.5))
    rows, columns = (step * index for index in np.nonzero(fov[::step, ::step]))
    far = ((rows - middle[0]) ** 2 + (columns - middle[1]) ** 2) / radius**2
    zone = np.minimum((far * ZONES).astype(int), ZONES - 1)
    values = image[rows, columns]
    counts = np.bincount(zone, minlength=ZONES)
    return [
        Place(z, float(far[zone == k].mean()), values[zone == k].astype(np.float32))
        for k in range(ZONES)
        if counts[k] >= FEWEST
    ]


def find_drift(
    places: list[Place], depth: int, middle: tuple[float, float], radius: float, center: float, spread: float
) -> Drift | None:
    """The drift that the matrix peaks of many places show; None where there are too few to tell.

    Args:
        places: of the scan.
        depth: slices of the scan.
        middle: (y, x) of the core, voxels.
        radius: of the core, voxels.
        center: mean grey level.
        spread: standard deviation of the grey levels.
    """
    if len(places) < 2 * ZONES:
        return None
    pooled = np.concatenate([place.values for place in places])
    peak = _peak(pooled, pooled.min(), pooled.max())
    window = (peak - NEAR * spread, peak + NEAR * spread)
    found = np.array([_peak(place.values, *window) for place in places]) - peak
    up = _height(np.array([place.z for place in places]), depth)
    far = np.array([place.far for place in places])
    terms = np.stack([np.ones_like(up), up, up**2 - 1 / 3, far - 0.5], 1)
    if len(np.unique(up)) < 4:
        terms[:, 1:3] = 0
    fit = least_squares(lambda c: (terms @ c - found) / spread, np.zeros(4), loss="soft_l1", f_scale=0.05).x
    scatter = 1.4826 * float(np.median(np.abs(terms @ fit - found)))
    made = [
        Drift((float(fit[1]), float(fit[2])), float(fit[3]), depth, middle, radius, float(peak), gain, scatter)
        for gain in ((True, False) if pooled.min() >= 0 else (False,))
    ]
    return min(made, key=lambda drift: _entropy(drift, places, center, spread))


def _height(z: np.ndarray, depth: int) -> np.ndarray:
    return 2 * z / max(1, depth - 1) - 1.0


def _peak(values: np.ndarray, low: float, high: float) -> float:
    counts, edges = np.histogram(values, BINS, (low, high))
    smooth = gaussian_filter1d(counts.astype(float), SMOOTHING)
    return float(np.convolve(edges, [0.5, 0.5], "valid")[smooth.argmax()])


def _entropy(drift: Drift, places: list[Place], center: float, spread: float) -> float:
    """Of the corrected histogram: the truer the correction, the sharper the peaks."""
    corrected = []
    for place in places:
        up = _height(np.array([place.z]), drift.depth)
        displaced = drift.along[0] * up + drift.along[1] * (up**2 - 1 / 3) + drift.outwards * (place.far - 0.5)
        flat = place.values * drift.peak / (drift.peak + displaced) if drift.gain else place.values - displaced
        corrected.append(flat)
    shares, _ = np.histogram(np.concatenate(corrected), 240, (center - 6 * spread, center + 6 * spread))
    shares = shares[shares > 0] / shares.sum()
    return float(-(shares * np.log(shares)).sum())
