"""Grey levels of a scan on a common scale, by statistics of its core that are found once for the whole scan."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from scipy.stats import wasserstein_distance

from synfine_monai.conventions import NORMALISATION
from synfine_monai.errors import ScanError
from synfine_monai.scans import Scan
from synfine_monai.survey.alignment import ITS_OWN, Alignment, align
from synfine_monai.survey.drift import Drift, core_circle, find_drift, places_of
from synfine_monai.survey.field_of_view import FieldOfView, thin_pass
from synfine_monai.survey.grey_scale import GreyScale
from synfine_monai.survey.survey import Survey, refuse_indices, survey_of

CUT_OFF = 0.1  # of the core at either end of the grey levels: what is darker or brighter can no longer be told apart
HEAP = 5.0  # times as many voxels as most grey levels have
MAX_VOXELS = 1 << 22  # evenly spaced voxels that statistics are found from
BRIGHT_TAIL = 90.0  # percentile above which "clipped_zscore" takes every voxel alike
BIN_EDGES = tuple(np.linspace(-6.0, 6.0, 121).round(6).tolist())  # of normalised values; the end bins are open


@dataclass(frozen=True)
class IntensityStatistics:
    """How one scan (or specimen, or generator) is normalised: (grey level - center) / scale.

    Attributes:
        method: one of ``METHODS``.
        center: grey level that becomes 0.
        scale: grey levels to one normalised unit, > 0.
        bin_edges: of the histogram, normalised values; voxels beyond the ends are counted in the end bins.
        histogram: shares of the normalised values in the core, adding up to 1.
        dtype: of the scan's voxels, numpy's name; "" where there is no scan.
        drift: of the grey levels along the scan and outwards; None where it cannot be told.
        flatten: whether it is taken out before anything else.
        alignment: how center and scale were found where a model's training scan gave them; else None.
    """

    method: str
    center: float
    scale: float
    bin_edges: tuple[float, ...]
    histogram: tuple[float, ...]
    dtype: str = ""
    alignment: Alignment | None = None
    drift: Drift | None = None
    flatten: bool = False

    def normalise(self, image: np.ndarray, start: int = 0) -> np.ndarray:
        """Normalise grey levels of any real dtype to float32.

        Args:
            image: any shape; (D, H, W) where a drift is taken out.
            start: slice of the scan that the image begins with.
        """
        if self.flatten and self.drift is not None:
            image = self.drift.correct(np.asarray(image, dtype=np.float32), start)
        return (np.asarray(image, dtype=np.float32) - np.float32(self.center)) / np.float32(self.scale)

    def to_dict(self) -> dict[str, Any]:
        """Plain numbers, strings and lists, for JSON."""
        return {key: list(value) if isinstance(value, tuple) else value for key, value in asdict(self).items()}


def _zscore(values: np.ndarray) -> tuple[float, float]:
    """Mean and standard deviation: a bright mineral that fills more of a scan moves and widens both."""
    return float(values.mean()), float(values.std())


def _clipped_zscore(values: np.ndarray) -> tuple[float, float]:
    """Mean and standard deviation with the brightest tenth held at its lower end."""
    return _zscore(np.minimum(values, np.percentile(values, BRIGHT_TAIL)))


def _median_mad(values: np.ndarray) -> tuple[float, float]:
    """Median, and median absolute deviation in units of a normal distribution's standard deviation."""
    median = np.median(values)
    return float(median), float(1.4826 * np.median(np.abs(values - median)))


_MEASURES: Mapping[str, Callable[[np.ndarray], tuple[float, float]]] = {
    "zscore": _zscore,
    "clipped_zscore": _clipped_zscore,
    "median_mad": _median_mad,
}
METHODS = tuple(_MEASURES)


def measure_intensity(
    volumes: Sequence[np.ndarray],
    fovs: Sequence[np.ndarray],
    method: str = NORMALISATION,
    grey_levels: Mapping[str, Any] | None = None,
    way: str = "auto",
) -> IntensityStatistics:
    """Find the statistics of all volumes together, inside their fields of view.

    Args:
        volumes: slices or volumes of one specimen, any shape and real dtype.
        fovs: one bool mask of the same shape for each.
        method: one of ``METHODS``.
        grey_levels: of a model's training scans (``GreyScale``); its scale is then taken, as ``align`` says.
        way: one of ``ALIGNMENTS``.

    Raises:
        ScanError: if nothing is inside, or the grey levels do not vary, hold two values, are cut off at both ends, or
            are not finite; if the method or way is unknown.
        ValueError: if a mask's shape is not its volume's.
    """
    step = _step(sum(volume.size for volume in volumes))
    parts = (_inside(volume, fov, step) for volume, fov in zip(volumes, fovs, strict=True))
    return _measure(parts, str(volumes[0].dtype), method, GreyScale.from_dict(grey_levels), way)


def measure_scan_intensity(
    scan: Scan,
    fov: FieldOfView,
    method: str = NORMALISATION,
    grey_levels: Mapping[str, Any] | None = None,
    way: str = "auto",
    flatten: bool = False,
) -> IntensityStatistics:
    """Find the statistics of a whole scan from evenly spaced slices, one slice at a time, once a process.

    Args:
        scan: an open scan.
        fov: its field of view.
        method: as ``measure_intensity`` takes it.
        grey_levels: as ``measure_intensity`` takes them.
        way: as ``measure_intensity`` takes it.
        flatten: whether its slow drift is taken out.

    Raises:
        ScanError: as ``measure_intensity``, and for indices into a palette of colours.
    """
    refuse_indices(scan)
    survey, scale = survey_of(scan), GreyScale.from_dict(grey_levels)
    known = fov.signature is not None and fov.signature[0] == survey.signature
    key = (fov.signature, method, scale, way, flatten) if known else None
    if scale is not None and way == "auto" and known:
        own = survey.grey_levels.known((fov.signature, method, None, "auto", flatten))
        if own is not None and scale.is_of(own.center, own.scale):
            return replace(own, alignment=Alignment(own.center, own.scale, ITS_OWN, 0.0, 0.0))
    return survey.grey_levels.recall(key, lambda: _measured(scan, survey, fov, (method, scale, way), flatten))


def _measured(
    scan: Scan, survey: Survey, fov: FieldOfView, by: tuple[str, GreyScale | None, str], flatten: bool
) -> IntensityStatistics:
    chosen = thin_pass(scan.shape[0])
    step = _step(len(chosen) * scan.shape[1] * scan.shape[2])
    seen, survey.slices = survey.slices, {}
    slices = ((int(z), seen.pop(int(z)) if int(z) in seen else scan.read(z, z + 1)) for z in chosen)
    circle = core_circle(fov.slab(chosen[len(chosen) // 2], chosen[len(chosen) // 2] + 1)[0])
    parts, places = [], []
    for z, image in slices:
        inside = fov.inside(image, z)
        parts.append(_inside(image, inside, step))
        places += places_of(image[0], inside[0], z, *circle)
    values = np.concatenate(parts)
    del parts
    statistics = _measure([values], str(scan.dtype), *by)
    drift = find_drift(places, scan.shape[0], *circle, float(values.mean()), float(values.std()))
    if flatten and drift is not None:
        read = ((z, scan.read(z, z + 1)) for z in chosen)
        flat = (_inside(drift.correct(g.astype(np.float32), z), fov.inside(g, z), step) for z, g in read)
        statistics = _measure(flat, str(scan.dtype), *by)
    return replace(statistics, drift=drift, flatten=flatten)


def grey_level_shift(a: IntensityStatistics, b: IntensityStatistics) -> float:
    """Wasserstein distance of two in-core histograms, in normalised units: 0 alike, 1 is a shift by one deviation."""
    middle_a, middle_b = (np.convolve(statistics.bin_edges, [0.5, 0.5], "valid") for statistics in (a, b))
    return float(wasserstein_distance(middle_a, middle_b, a.histogram, b.histogram))


def _step(voxels: int) -> int:
    return max(1, -(-voxels // MAX_VOXELS))


def _inside(volume: np.ndarray, fov: np.ndarray, step: int) -> np.ndarray:
    if volume.shape != fov.shape:
        raise ValueError(f"the volume has shape {volume.shape}, its field of view {fov.shape}.")
    return volume[fov][::step].astype(np.float64)


def _check_method(method: str) -> None:
    if method not in METHODS:
        raise ScanError(f"normalisation {method!r} is unknown: choose {', '.join(METHODS)}.")


def _measure(
    parts: Iterable[np.ndarray], dtype: str, method: str, grey_scale: GreyScale | None, way: str
) -> IntensityStatistics:
    _check_method(method)
    parts = list(parts)
    values = parts[0] if len(parts) == 1 else np.concatenate([np.empty(0), *parts])
    if values.size == 0:
        raise ScanError("the field of view is empty, so there are no grey levels to normalise by.")
    center, scale = _MEASURES[method](values)
    _check_values(values, center, scale, method)
    alignment = align(values, dtype, (center, scale), grey_scale, way)
    center, scale = alignment.center, alignment.scale
    normalised = np.clip((values - center) / scale, BIN_EDGES[0], BIN_EDGES[-1])
    counts, _ = np.histogram(normalised, BIN_EDGES)
    histogram = tuple((counts / counts.sum()).tolist())
    return IntensityStatistics(method, center, scale, BIN_EDGES, histogram, dtype, alignment)


def _heaps(values: np.ndarray, share: float) -> bool:
    """Whether a grey level of this share of the voxels is far from usual, as it is in a scan of a few levels."""
    _, counts = np.unique(values, return_counts=True)
    return bool(share * len(values) > HEAP * np.median(counts))


def _check_values(values: np.ndarray, center: float, scale: float, method: str) -> None:
    if not np.isfinite([center, scale]).all():
        raise ScanError("the scan holds NaN or infinite voxels inside its field of view: mask or repair them first.")
    if scale <= 1e-6 * max(abs(center), 1e-30):
        raise ScanError(
            f"grey levels inside the field of view do not vary (scale {scale:g} by {method} about "
            f"{center:g}): is the image constant, or its type too coarse?"
        )
    low, high = values.min(), values.max()
    dark, bright = float((values == low).mean()), float((values == high).mean())
    if dark + bright == 1.0 and (low == 0 or high <= 255):
        raise ScanError(
            f"the scan holds only the values {low:g} and {high:g} inside its field of view: is it a mask or a label "
            "volume? Give the grey-level scan."
        )
    if min(dark, bright) >= CUT_OFF and _heaps(values, min(dark, bright)):
        raise ScanError(
            f"{100 * dark:.0f} % of the core are {low:g} and {100 * bright:.0f} % are {high:g}: the grey levels are "
            "cut off at both ends. Export the scan again with a wider window."
        )
