"""A scan as slabs of a few slices, normalised, for inference at the memory of a slab."""

from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import numpy as np
import torch
from torch.utils.data import Dataset

from synfine_monai.errors import ScanError
from synfine_monai.scans import Scan, slab_slices, slab_with_halo
from synfine_monai.survey import FieldOfView, IntensityStatistics
from synfine_monai.transforms import fill_outside

SMALLEST_SIDE = 16


class SlabDataset(Dataset):
    """Slabs of a scan in z order; the next one is read in a thread while this one is worked on.

    MONAI's ``ThreadDataLoader`` would do the same, but ends early and silently where reading fails.

    Args:
        scan: an open scan; items must be asked for by one thread.
        field_of_view: of the scan.
        statistics: by which the scan is normalised.
        slab_voxels: voxels of a slab, rounded down to whole slices, but at least one slice.
        chunks: numbers of the slabs that are asked for; None for all.
        halo: slices that the image of a slab has beyond both its ends, as far as the scan has them.

    Items:
        image (1, before + d + after, H, W) float32, normalised and filled outside the field of view; fov (1, d, H, W)
        bool; start: z of the slab's first slice; halo: (before, after) int64.

    Raises:
        ScanError: if slices are too small to be segmented; by an item, if it cannot be read or holds NaN.
    """

    def __init__(
        self,
        scan: Scan,
        field_of_view: FieldOfView,
        statistics: IntensityStatistics,
        slab_voxels: int = 1 << 20,
        chunks: Sequence[int] | None = None,
        halo: int = 0,
    ) -> None:
        _, height, width = scan.shape
        if min(height, width) < SMALLEST_SIDE:
            raise ScanError(
                f"{scan.info.path.name} has slices of {height}×{width} voxels; at least "
                f"{SMALLEST_SIDE}×{SMALLEST_SIDE} are needed to segment them."
            )
        self.scan, self.field_of_view, self.statistics, self.halo = scan, field_of_view, statistics, halo
        self.slices = slab_slices(scan.shape, slab_voxels)
        self.chunks = range(-(-scan.shape[0] // self.slices)) if chunks is None else chunks
        self._reader = ThreadPoolExecutor(1, thread_name_prefix="read-slab")
        self._ahead: dict[int, Future] = {}

    def __len__(self) -> int:
        return len(self.chunks)

    def __getitem__(self, index: int) -> dict[str, Any]:
        if not 0 <= index < len(self):
            raise IndexError(f"{self.scan.info.path.name} has slabs 0 to {len(self) - 1}, not {index}.")
        slab = self._ahead.pop(index, None) or self._reader.submit(self._read, index)
        self._ahead = {index + 1: self._reader.submit(self._read, index + 1)} if index + 1 < len(self) else {}
        return slab.result()

    def _read(self, index: int) -> dict[str, Any]:
        start = self.chunks[index] * self.slices
        stop = min(start + self.slices, self.scan.shape[0])
        return read_slab(self.scan, self.field_of_view, self.statistics, start, stop, self.halo)


def read_slab(
    scan: Scan, field_of_view: FieldOfView, statistics: IntensityStatistics, start: int, stop: int, halo: int = 0
) -> dict[str, Any]:
    """Slices ``start`` to ``stop`` (exclusive) as an item of ``SlabDataset``.

    Raises:
        ScanError: if they cannot be read, or hold NaN.
    """
    first, last = slab_with_halo(start, stop, scan.shape[0], halo)
    grey = _read(scan, first, last)
    inside = field_of_view.inside(grey, first)
    image = statistics.normalise(grey, first)
    image = fill_outside(image, inside) if inside.any() else np.zeros_like(image)
    image[~inside.any((1, 2))] = 0  # not the mean of the others, which would depend on the slab
    fov = inside[start - first : stop - first]
    return {
        "image": torch.from_numpy(image)[None],
        "fov": torch.from_numpy(fov)[None],
        "start": start,
        "halo": torch.tensor([start - first, last - stop]),
    }


def _read(scan: Scan, start: int, stop: int) -> np.ndarray:
    try:
        return scan.read(start, stop)
    except ScanError as problem:
        if scan.info.path.exists():
            raise
        raise ScanError(
            f"{scan.info.path} was removed or moved while it was read, at slice {start}: put it back and start again."
        ) from problem
