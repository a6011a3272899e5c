"""Labels and masks laid over their scan by what both headers say of origin, direction and spacing."""

import dataclasses
from collections.abc import Sequence
from math import prod

import numpy as np

from synfine_monai.errors import ScanError
from synfine_monai.scans import FORMATS, MICROMETRES, Scan, ScanInfo
from synfine_monai.survey.survey import Memory, files_signature

WITH_GEOMETRY = ("nifti", "nrrd", "mha", "mhd", "dicom")
TOLERANCE = 0.1  # voxels, of any corner of the labels
LEAST_SHARED = 0.5  # of the smaller of scan and labels: less, and one of the headers is wrong
UNSAID = (np.eye(4), np.diag([-1.0, -1.0, 1.0, 1.0]))  # the second is how ITK writes the first to NIfTI

_free = Memory(8)


class DrawnLabels(Scan):
    """Labels that may cover a part of their scan only.

    Attributes:
        drawn: indices z of the slices that may carry a label.
        not_drawn: the value of voxels that the file says nothing of, which means "not labelled"; None: no voxel.
        names: label value -> its name, where the file gives one.
    """

    def __init__(self, info: ScanInfo, drawn: Sequence[int], not_drawn: int | None) -> None:
        super().__init__(info)
        self.drawn, self.not_drawn, self.names = tuple(drawn), not_drawn, dict[int, str]()


class PlacedLabels(DrawnLabels):
    """Labels turned, mirrored and moved onto their scan's voxels, by windows of slices.

    Volumes whose slices are another axis of the scan are held in memory.

    Args:
        labels: as they are stored.
        shape: (D, H, W) of the scan.
        order: for each axis of the scan, z, y, x, the axis of the labels that runs along it.
        mirrored: for each axis of the scan, whether it runs the other way.
        start: (z, y, x) of the scan's voxel on which the first voxel of the turned labels lies.
        not_drawn: the value of voxels that the labels do not cover; None takes one that they do not use.
    """

    def __init__(
        self,
        labels: Scan,
        shape: tuple[int, int, int],
        order: Sequence[int],
        mirrored: Sequence[bool],
        start: Sequence[int],
        not_drawn: int | None = None,
    ) -> None:
        self.labels, self.order, self.mirrored, self.start = labels, tuple(order), tuple(mirrored), tuple(start)
        self.size = tuple(labels.shape[axis] for axis in order)
        self._whole: np.ndarray | None = None
        drawn = range(max(0, self.start[0]), min(shape[0], self.start[0] + self.size[0]))
        dtype = np.result_type(labels.dtype, np.uint8)
        super().__init__(ScanInfo(labels.info.path, labels.info.format, shape, dtype, None), drawn, None)
        if isinstance(labels, DrawnLabels):
            self.not_drawn, self.names = labels.not_drawn, labels.names
        elif not_drawn is not None:
            self.not_drawn = not_drawn
        elif any(s > 0 or s + n < m for s, n, m in zip(self.start, self.size, shape, strict=True)):
            self.not_drawn = _free.recall(files_signature(labels.info.path), lambda: _free_value(labels))

    def _read(self, start: int, stop: int) -> np.ndarray:
        slab = np.full((stop - start, *self.shape[1:]), self.not_drawn or 0, self.dtype)
        low, high = max(start, self.start[0]), min(stop, self.start[0] + self.size[0])
        if low < high:
            places = zip(self.start[1:], self.size[1:], self.shape[1:], strict=True)
            ours, theirs = zip(*(_overlap(*place) for place in places), strict=True)
            block = self._block(low - self.start[0], high - self.start[0])
            slab[(slice(low - start, high - start), *ours)] = block[(slice(None), *theirs)]
        return slab

    def _block(self, low: int, high: int) -> np.ndarray:
        """Slices ``low`` to ``high`` of the turned labels."""
        if self.mirrored[0]:
            low, high = self.size[0] - high, self.size[0] - low
        if self.order[0] == 0:
            block = self.labels.read(low, high)
        else:
            self._whole = self.labels.read() if self._whole is None else self._whole
            block = np.take(self._whole, range(low, high), self.order[0])
        block = block.transpose(self.order)
        return np.flip(block, tuple(axis for axis in range(3) if self.mirrored[axis]))

    def close(self) -> None:
        self.labels.close()


def place_labels(labels: Scan, scan: ScanInfo) -> Scan:
    """The labels on the voxels of their scan; as they are where one of the headers says nothing about place.

    Raises:
        ScanError: with the numbers, if their voxels do not fall on the scan's.
    """
    offset = getattr(labels, "offset", None)
    if _say_where(labels.info, scan):
        return _laid(labels, scan, _steps(labels.info, scan), None)
    if offset is None or labels.shape == scan.shape:
        return labels
    return PlacedLabels(labels, scan.shape, (0, 1, 2), (False,) * 3, offset)


def place_mask(mask: Scan, scan: ScanInfo) -> Scan:
    """Likewise a mask, 0 where it does not reach; one slice, which serves for all, is laid within its plane only.

    Raises:
        ScanError: with the numbers, if its voxels do not fall on the scan's.
    """
    if not _say_where(mask.info, scan):
        return mask
    step = _steps(mask.info, scan)
    if mask.shape[0] == 1 < scan.shape[0] and abs(step[2, 2]) > TOLERANCE:
        step[2], step[:, 2] = 0, 0
        step[2, 2], scan = 1, dataclasses.replace(scan, shape=(1, *scan.shape[1:]))
    return _laid(mask, scan, step, 0)


def _laid(labels: Scan, scan: ScanInfo, step: np.ndarray, not_drawn: int | None) -> Scan:
    """``step`` is the affine from voxels of the labels to those of the scan, (x, y, z, 1)."""
    turn, first = np.round(step[:3, :3]), step[:3, 3]
    corners = np.array(np.meshgrid(*([0, n - 1] for n in reversed(labels.shape)))).reshape(3, -1)
    off = np.abs((step[:3, :3] - turn) @ corners + (first - np.round(first))[:, None]).max()
    if not np.array_equal(np.abs(turn) @ np.ones(3), np.ones(3)) or abs(np.linalg.det(turn)) != 1 or off > TOLERANCE:
        raise ScanError(_not_on_the_grid(labels.info, scan, step))
    if np.array_equal(turn, np.eye(3)) and not np.round(first).any() and labels.shape == scan.shape:
        return labels
    placed = _placed(labels, scan, turn, np.round(first), not_drawn)
    ends = zip(placed.start, placed.size, scan.shape, strict=True)
    shared = prod(max(0, min(start + size, extent) - max(start, 0)) for start, size, extent in ends)
    if shared < LEAST_SHARED * min(prod(placed.size), prod(scan.shape)):
        raise ScanError(_not_on_the_grid(labels.info, scan, step))
    return placed


def _placed(labels: Scan, scan: ScanInfo, turn: np.ndarray, first: np.ndarray, not_drawn: int | None) -> PlacedLabels:
    """``turn`` and ``first`` are in x, y, z; what comes out is in z, y, x."""
    axes = np.abs(turn).argmax(1)  # of the labels, along the scan's x, y, z
    signs = turn.sum(1)
    sizes = [labels.shape[2 - axis] for axis in axes]
    start = [int(f) if sign > 0 else int(f) - size + 1 for f, sign, size in zip(first, signs, sizes, strict=True)]
    order = [2 - int(axis) for axis in reversed(axes)]
    return PlacedLabels(labels, scan.shape, order, [bool(s < 0) for s in reversed(signs)], start[::-1], not_drawn)


def _say_where(labels: ScanInfo, scan: ScanInfo) -> bool:
    return _says_where(labels) and _says_where(scan)


def _steps(labels: ScanInfo, scan: ScanInfo) -> np.ndarray:
    return np.linalg.inv(_micrometres(scan, labels)) @ _micrometres(labels, scan)


def _says_where(info: ScanInfo) -> bool:
    """Whether a header states a place: the unit matrix is what programs write when nobody said anything."""
    if info.format not in WITH_GEOMETRY or any(np.array_equal(info.affine, unit) for unit in UNSAID):
        return False
    header = info.layout.get("header")
    return header is None or bool(header["sform_code"] or header["qform_code"])


def _micrometres(info: ScanInfo, other: ScanInfo) -> np.ndarray:
    """The affine from (x, y, z, 1) to micrometres, left-posterior-superior; a unit unsaid is the other's."""
    unit = MICROMETRES[info.layout.get("unit") or other.layout.get("unit") or "mm"]
    flip = -1.0 if FORMATS[info.format].space == "RAS" else 1.0
    return np.diag([flip * unit, flip * unit, unit, 1.0]) @ info.affine


def _overlap(start: int, size: int, extent: int) -> tuple[slice, slice]:
    """Where ``size`` voxels from ``start`` on lie in an axis of ``extent`` voxels, and which of them do."""
    low, high = max(0, start), min(extent, start + size)
    return slice(low, max(low, high)), slice(low - start, max(low, high) - start)


def _free_value(labels: Scan) -> int:
    """The highest value to 255 that labels do not use."""
    used = {int(v) for z in range(labels.shape[0]) for v in np.unique(labels.read(z, z + 1))}
    free = sorted(set(range(256)) - used)
    if not free:
        raise ScanError(f"{labels.info.path.name} uses all values from 0 to 255, so none is left for 'not labelled'.")
    return free[-1]


def _not_on_the_grid(labels: ScanInfo, scan: ScanInfo, step: np.ndarray) -> str:
    sizes = " × ".join(f"{n:.4g}" for n in np.linalg.norm(step[:3, :3], axis=0))
    first = ", ".join(f"{n:.4g}" for n in step[:3, 3])
    return (
        f"{labels.path.name} ({'×'.join(map(str, labels.shape))} voxels, z, y, x) does not lie on the voxels of "
        f"{scan.path.name} ({'×'.join(map(str, scan.shape))}): by their headers its first voxel is at ({first}) of the "
        f"scan's voxels (x, y, z), and its voxels are {sizes} of them: save it on the scan's own grid, with its "
        "origin, directions and spacing (SimpleITK: CopyInformation(scan))."
    )
