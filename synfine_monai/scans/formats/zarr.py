"""Zarr and OME-Zarr scans, formats 2 and 3, read by windows of slices through zarr."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from synfine_monai.errors import ScanError
from synfine_monai.scans.base import Scan, ScanInfo
from synfine_monai.scans.chunk_layers import ChunkLayers
from synfine_monai.scans.formats.lost_chunks import LostChunks
from synfine_monai.scans.formats.ome_multiscales import OmeLevel, find_level, ome_attributes
from synfine_monai.scans.formats.table import FORMATS
from synfine_monai.scans.optional import optional_library
from synfine_monai.scans.volume_axes import VolumeAxes, find_volume_axes
from synfine_monai.scans.voxel_size import MICROMETRES

__all__ = ["ZarrScan", "is_zarr", "zarr_root"]

NODE_FILES = ("zarr.json", ".zarray", ".zgroup")
AXIS_NAMES = set("tczyx")


def is_zarr(path: Path) -> bool:
    """Whether a folder is a Zarr array or group, or is named like one."""
    return path.suffix.lower() == ".zarr" or any((path / name).is_file() for name in NODE_FILES)


def zarr_root(path: Path) -> Path:
    """The outermost Zarr group that holds an array or a group: core.zarr of core.zarr/0."""
    path = path.absolute()
    while path.parent != path and is_zarr(path.parent):
        path = path.parent
    return path


class ZarrScan(Scan):
    """Level 0 of an OME-Zarr image, or a plain array.

    Given is a store (core.ome.zarr), or an array or group in it (core.zarr/raw, core.ome.zarr/1). Axes are named by
    OME-Zarr or by the array; of a plain array without names they are z, y, x. The voxel size is that of OME-Zarr, if it
    states the unit.

    Raises:
        ScanError: for several images, channels or time points, axes in another order, and stores that lack chunks.
    """

    def __init__(self, path: Path) -> None:
        optional_library("zarr", path.name, FORMATS["zarr"].extra)
        if not path.is_dir():
            raise ScanError(f"{path.name} is a file, and a Zarr store a folder; unpack it.")
        root = zarr_root(path)
        self._folder, level = _find_array(path, root)
        array = _open(self._folder)
        name = root.name if self._folder == root else f"{root.name}/{self._folder.relative_to(root).as_posix()}"
        if array.dtype.kind not in "buif":
            raise ScanError(f"{name} holds {array.dtype} numbers; save it as integers or real floating point.")
        self._axes = find_volume_axes(name, array.shape, _axis_names(array, level))
        dtype = np.dtype(np.uint8) if array.dtype == bool else array.dtype.newbyteorder("=")
        voxel_size_um, affine, unit = _geometry(self._axes, level)
        layout = {"unit": unit, "version": "0.5" if array.metadata.zarr_format == 3 else "0.4"}
        super().__init__(
            ScanInfo(
                path if path.absolute() == root else root,
                "zarr",
                self._axes.shape,
                dtype,
                voxel_size_um,
                affine,
                layout,
            )
        )
        self._layers = ChunkLayers(self._axes, dtype, self._axes.of(array.chunks, 1)[0])
        self._lost = LostChunks(self._folder, name, self._axes, array.shards or array.chunks)
        self._lost.refuse_all_absent()
        self._array: Any = array

    def _read(self, start: int, stop: int) -> np.ndarray:
        if self._array is None:
            self._array = _open(self._folder)
        self._lost.refuse_lost(self._array, start, stop)
        slab = self._layers.read(self._array, start, stop)
        self._lost.refuse_removed(self._array, start, stop)
        return slab

    def close(self) -> None:
        self._array = None
        self._layers.forget()

    def __getstate__(self) -> dict[str, Any]:
        self._layers.forget()
        return {**self.__dict__, "_array": None}


def _open(folder: Path) -> Any:
    zarr = optional_library("zarr", folder.name, FORMATS["zarr"].extra)
    return zarr.open(store=str(folder), mode="r")


def _find_array(path: Path, root: Path) -> tuple[Path, OmeLevel | None]:
    """Folder of the array to read, and what OME-Zarr says of it."""
    path = path.absolute()
    try:
        node = _open(path)
    except FileNotFoundError:
        raise ScanError(
            f"{path.name} is damaged or no Zarr store: none of {', '.join(NODE_FILES)} is in it; copy or "
            "export it again."
        ) from None
    if hasattr(node, "chunks"):
        return path, _level_of(path, root)
    if (level := find_level(node.attrs)) is not None:
        return _existing(path, level), level
    return _find_array(path / _only_image(node, path.name), root)


def _existing(path: Path, level: OmeLevel) -> Path:
    folder = path / level.path
    if not any((folder / name).is_file() for name in NODE_FILES):
        raise ScanError(
            f"{path.name} lacks its array {level.path}, which its multiscales name; copy or export it again."
        )
    return folder


def _level_of(path: Path, root: Path) -> OmeLevel | None:
    """What the groups around an array say of it."""
    for group in path.parents:
        if path == root or not group.is_relative_to(root):
            break
        if (level := find_level(_open(group).attrs, path.relative_to(group).as_posix())) is not None:
            return level
    return None


def _only_image(group: Any, name: str) -> str:
    """The one member of a group without multiscales that can be a scan."""
    if "plate" in ome_attributes(group.attrs):
        raise ScanError(f"{name} is a plate of many images; give one of them, as {name}/A/1/0.")
    members = dict(group.members())
    arrays = {key: one.ndim for key, one in members.items() if hasattr(one, "chunks")}
    images = [key for key, one in members.items() if key not in arrays and find_level(one.attrs)]
    images += [key for key, axes in arrays.items() if axes >= 3] or [key for key, axes in arrays.items() if axes == 2]
    if len(images) == 1:
        return images[0]
    if not images:
        raise ScanError(f"{name} holds no image: it is a Zarr group without a 3-D array; give the array in it.")
    raise ScanError(
        f"{name} holds {len(images)} images ({', '.join(sorted(images)[:5])}); give one of them, as "
        f"{name}/{sorted(images)[0]}."
    )


def _axis_names(array: Any, level: OmeLevel | None) -> Sequence[str] | None:
    if level is not None:
        return level.axes
    names = getattr(array.metadata, "dimension_names", None) or array.attrs.get("_ARRAY_DIMENSIONS")
    known = bool(names) and len(names) == array.ndim and all(str(name).lower() in AXIS_NAMES for name in names)
    return [str(name).lower() for name in names] if known else None


def _geometry(
    axes: VolumeAxes, level: OmeLevel | None
) -> tuple[tuple[float, float, float] | None, np.ndarray, str | None]:
    """Voxel size, affine, and the unit of the affine."""
    affine = np.eye(4)
    if level is None or not level.scale:
        return None, affine, None
    steps, origin = axes.of(level.scale, level.scale[-1]), axes.of(level.translation, 0.0)
    units = axes.of(level.units, level.units[-1])
    usable = all(np.isfinite(steps)) and min(steps) > 0
    known = usable and None not in units
    factors, unit = (1.0, 1.0, 1.0), units[0] if known else None
    if known and len(set(units)) > 1:
        factors, unit = tuple(MICROMETRES[one] for one in units), "um"
    if usable:
        affine[[2, 1, 0], [2, 1, 0]] = np.multiply(steps, factors)
        affine[[2, 1, 0], 3] = np.multiply(origin, factors)
    if not known:
        return None, affine, None
    z, y, x = (float(f"{step * MICROMETRES[one]:.12g}") for step, one in zip(steps, units, strict=True))
    return (z, y, x), affine, unit
