"""An 8-bit copy of a scan in chunks, from which any part of any slice is read at once, and its core beside it."""

import hashlib
import json
import shutil
from collections.abc import Callable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from synfine_monai.files import atomic_file
from synfine_monai.labelling.views import AXES, Box
from synfine_monai.scans import Scan, create_scan, optional_library, slab_slices
from synfine_monai.survey import FieldOfView, IntensityStatistics, files_signature

GREY, CORE, FACTS = "working_copy.ome.zarr", "working_copy_core.ome.zarr", "working_copy.json"
SLAB_VOXELS = 1 << 23
KEPT_BYTES = 1 << 28
SAMPLED = 8
"""Slices that tell a scan from another one where its files cannot."""
SHARE_CUT = 0.0005
"""Of the core at either end of the grey levels that the 8 bits need not tell apart."""

Progress = Callable[[float], None]


class WorkingCopy:
    """Grey levels in 8 bits, and the core, of a scan, in a folder of their own.

    Args:
        folder: that holds them; see ``make_working_copy``.
        facts: content of ``working_copy.json``.

    Attributes:
        low, high: grey levels of the scan that became 0 and 255; what is beyond is cut off.
        content: hash of all voxels of the scan.
    """

    def __init__(self, folder: Path, facts: dict[str, Any]) -> None:
        zarr = optional_library("zarr", "labelling", "zarr")
        self.low, self.high, self.content = float(facts["low"]), float(facts["high"]), str(facts["content"])
        arrays = {name: zarr.open(store=str(folder / name / "0"), mode="r") for name in (GREY, CORE)}
        most = max(4, KEPT_BYTES // int(np.prod(arrays[GREY].chunks)))

        @lru_cache(maxsize=most)
        def chunk(name: str, place: tuple[int, ...]) -> np.ndarray:
            sides = arrays[name].chunks
            return arrays[name][tuple(slice(k * n, (k + 1) * n) for k, n in zip(place, sides, strict=True))]

        self._chunk, self._sides = chunk, arrays[GREY].chunks

    def grey(self, view: str, index: int, box: Box) -> np.ndarray:
        """(rows, columns) uint8."""
        return self._part(GREY, view, index, box)

    def core(self, view: str, index: int, box: Box) -> np.ndarray:
        """(rows, columns) bool."""
        return self._part(CORE, view, index, box) != 0

    def levels(self, view: str, index: int, box: Box) -> np.ndarray:
        """(rows, columns) float32 on the scan's own scale, off by half of 1/255 of the range at most, if not cut."""
        return self.low + (self.high - self.low) / 255 * self.grey(view, index, box).astype(np.float32)

    def eight_bits(self, grey: np.ndarray) -> np.ndarray:
        """Grey levels of the scan as this copy holds them."""
        return to_eight_bits(grey, self.low, self.high)

    def _part(self, name: str, view: str, index: int, box: Box) -> np.ndarray:
        normal, rows, columns = AXES[view]
        place, inside = divmod(index, self._sides[normal])
        found = np.empty(box.shape, np.uint8)
        for own in _blocks(box.row, box.rows, self._sides[rows]):
            for other in _blocks(box.column, box.columns, self._sides[columns]):
                at = [0, 0, 0]
                at[normal], at[rows], at[columns] = place, own[0], other[0]
                layer = np.take(self._chunk(name, tuple(at)), inside, axis=normal)
                found[own[2], other[2]] = layer[own[1], other[1]]
        return found


def _blocks(start: int, count: int, side: int) -> Iterator[tuple[int, slice, slice]]:
    """Chunks along an axis: their number, what is taken of each, and where it goes."""
    for number in range(start // side, -(-(start + count) // side)):
        low, high = max(start, number * side), min(start + count, (number + 1) * side)
        yield number, slice(low - number * side, high - number * side), slice(low - start, high - start)


def to_eight_bits(grey: np.ndarray, low: float, high: float) -> np.ndarray:
    """Grey levels from ``low`` to ``high`` as 0 to 255."""
    if grey.dtype == np.uint8 and (low, high) == (0, 255):
        return grey
    return np.clip((grey.astype(np.float32) - low) * np.float32(255 / (high - low)) + 0.5, 0, 255).astype(np.uint8)


def make_working_copy(
    scan: Scan,
    fov: FieldOfView,
    statistics: IntensityStatistics,
    folder: Path,
    mask: Path | None = None,
    progress: Progress | None = None,
) -> WorkingCopy:
    """The copy in ``folder``, made where there is none, or the scan's files have changed since.

    It is made slab by slab, and has its name only when all is there; a kill leaves nothing that counts.

    Args:
        scan: an open scan.
        fov: its field of view.
        statistics: of its grey levels.
        folder: of the session.
        mask: file of the field of view, if one was given.
        progress: called with what share is done.

    Raises:
        ScanError: if a voxel is NaN, the scan cannot be read, or the disk is full.
    """
    signature = scan_signature(scan, mask)
    known = _facts(folder)
    if known is None or known.get("signature") != signature or known.get("shape") != list(scan.shape):
        (folder / FACTS).unlink(missing_ok=True)
        known = {"signature": signature, "shape": list(scan.shape), **_copied(scan, fov, statistics, folder, progress)}
        with atomic_file(folder / FACTS) as temporary:
            temporary.write_text(json.dumps(known), encoding="utf-8")
    return WorkingCopy(folder, known)


def scan_signature(scan: Scan, mask: Path | None = None) -> str:
    """What changes when the files of a scan or of its mask do; where files cannot tell, when some voxels do."""
    found = files_signature(scan.info.path)
    told = repr(found) if found is not None else sampled_hash(scan)
    return hashlib.sha256(f"{told} {files_signature(mask)} {scan.shape} {scan.dtype}".encode()).hexdigest()


def sampled_hash(scan: Scan) -> str:
    """Hash of the voxels of some slices."""
    digest = hashlib.sha256()
    for z in np.unique(np.linspace(0, scan.shape[0] - 1, SAMPLED).round().astype(int)).tolist():
        digest.update(scan.read(z, z + 1).tobytes())
    return digest.hexdigest()


def remove_working_copy(folder: Path) -> None:
    """Delete it; it is made again when the session is opened next."""
    (folder / FACTS).unlink(missing_ok=True)
    for name in (GREY, CORE):
        shutil.rmtree(folder / name, ignore_errors=True)


def _facts(folder: Path) -> dict[str, Any] | None:
    try:
        facts = json.loads((folder / FACTS).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return facts if all((folder / name).is_dir() for name in (GREY, CORE)) else None


def _copied(
    scan: Scan, fov: FieldOfView, statistics: IntensityStatistics, folder: Path, progress: Progress | None
) -> dict[str, Any]:
    low, high = _range(scan.dtype, statistics)
    digest, step, depth = hashlib.sha256(), slab_slices(scan.shape, SLAB_VOXELS), scan.shape[0]
    grey_sink = create_scan(folder / GREY, scan.info, np.uint8)
    with grey_sink, create_scan(folder / CORE, scan.info, np.uint8) as core_sink:
        for start in range(0, depth, step):
            slab = scan.read(start, min(start + step, depth))
            digest.update(np.ascontiguousarray(slab).data)
            grey_sink.write(to_eight_bits(slab, low, high))
            core_sink.write(fov.inside(slab, start).astype(np.uint8))
            if progress is not None:
                progress(min(start + step, depth) / depth)
    return {"low": low, "high": high, "content": digest.hexdigest()}


def _range(dtype: np.dtype, statistics: IntensityStatistics) -> tuple[float, float]:
    """Grey levels of all but the rarest voxels of the core, and a little more at either end."""
    if dtype == np.uint8:
        return 0.0, 255.0
    shares, edges = np.cumsum(statistics.histogram), np.asarray(statistics.bin_edges)
    first = int(np.searchsorted(shares, SHARE_CUT))
    last = min(int(np.searchsorted(shares, 1 - SHARE_CUT)) + 1, len(edges) - 1)
    low, high = edges[first] - 0.5, edges[last] + 0.5
    return statistics.center + low * statistics.scale, statistics.center + high * statistics.scale
