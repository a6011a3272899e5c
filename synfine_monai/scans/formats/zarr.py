"""Zarr and OME-Zarr, formats 2 and 3: read by windows of slices, written as OME-Zarr with a pyramid."""

from collections.abc import Sequence
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np

from synfine_monai.errors import ScanError
from synfine_monai.scans.base import Scan, ScanInfo, grey_dtype
from synfine_monai.scans.formats.lost_chunks import LostChunks
from synfine_monai.scans.formats.ome_multiscales import (
    OmeLevel,
    find_level,
    level_geometry,
    multiscales_attributes,
    ome_attributes,
)
from synfine_monai.scans.formats.pyramid import Halver, LayeredLevels, layer_depth, level_shapes
from synfine_monai.scans.formats.table import FORMATS
from synfine_monai.scans.optional import optional_library
from synfine_monai.scans.sink import ScanSink
from synfine_monai.scans.stored_axes import ChunkLayers, find_volume_axes

NODE_FILES = ("zarr.json", ".zarray", ".zgroup")
AXIS_NAMES = set("tczyx")
LEVEL = 1
"""Of gzip, which every reader knows, also Java's without native libraries; labels shrink well at any level."""

CHUNK_SIDE = 256
WIDE = 2048
"""Slices wider than this get chunks of twice the side, so that a store has not too many files."""


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
        dtype = grey_dtype(name, array.dtype)
        self._axes = find_volume_axes(name, array.shape, _axis_names(array, level))
        voxel_size_um, affine, unit = level_geometry(self._axes, level)
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


class ZarrSink(ScanSink):
    """An image that napari and Fiji open, 8-bit labels as labels; channels are the first axis.

    OME-Zarr 0.5 (Zarr format 3) if the source is that, else 0.4 (format 2), which all viewers read. Chunks that are
    empty are written as well, so that a missing one can be told.
    """

    def _begin(self) -> None:
        zarr = optional_library("zarr", self.path.name, FORMATS["zarr"].extra)
        if self.path.exists() and not (self.path.is_dir() and is_zarr(self.path)):
            raise ScanError(f"{self.path} exists and is no Zarr store; choose another --output_dir.")
        self._version = self.like.layout.get("version", "0.4")
        self._shapes = level_shapes(self.shape)
        slice_bytes = self.shape[1] * self.shape[2] * (self.channels or 1) * self.dtype.itemsize
        depth = layer_depth(self.shape[0], slice_bytes)
        self._group = zarr.create_group(store=str(self.partial), zarr_format=3 if self._version == "0.5" else 2)
        arrays = [self._array(number, shape, depth) for number, shape in enumerate(self._shapes)]
        self._halver = Halver(self.channels is None and self.dtype == np.uint8)
        self._levels = LayeredLevels([partial(_write, array) for array in arrays], depth, self._halver)

    def _array(self, number: int, shape: tuple[int, int, int], depth: int) -> Any:
        side = CHUNK_SIDE if max(self.shape[1:]) <= WIDE else 2 * CHUNK_SIDE
        chunks = tuple(min(n, most) for n, most in zip(shape, (depth, side, side), strict=True))
        front, names = ((), "zyx") if self.channels is None else ((self.channels,), "czyx")
        options: dict[str, Any] = {
            "shape": (*front, *shape),
            "chunks": ((1,) * len(front)) + chunks,
            "fill_value": 0,
            "dtype": self.dtype,
            "config": {"write_empty_chunks": True},
        }
        if self._version == "0.5":
            from zarr.codecs import GzipCodec

            return self._group.create_array(
                str(number), dimension_names=list(names), compressors=GzipCodec(level=LEVEL), **options
            )
        from numcodecs import GZip

        return self._group.create_array(
            str(number), chunk_key_encoding={"name": "v2", "separator": "/"}, compressors=GZip(level=LEVEL), **options
        )

    def _append(self, slab: np.ndarray) -> None:
        self._levels.append(slab[None] if self.channels is None else slab)

    def _finish(self) -> None:
        self._levels.finish()
        factors, factor = [], np.ones(3, int)
        for shape in self._shapes:
            factors.append(factor.tolist())
            factor = factor * [2 if n > 1 else 1 for n in shape]
        name = self.path.name.removesuffix(".zarr").removesuffix(".ome")
        self._group.attrs.update(
            multiscales_attributes(
                self.like, self._version, factors, channels=bool(self.channels), labels=self._halver.labels, name=name
            )
        )


def _write(array: Any, first: int, block: np.ndarray) -> None:
    """Chunk by chunk: after an error, nothing goes on writing in the background."""
    channels = range(0, block.shape[0], array.chunks[0]) if array.ndim == 4 else range(1)
    for c, y, x in product(
        channels, *(range(0, n, side) for n, side in zip(block.shape[2:], array.chunks[-2:], strict=True))
    ):
        place = (slice(y, y + array.chunks[-2]), slice(x, x + array.chunks[-1]))
        volume = (slice(first, first + block.shape[1]), *place)
        array[(c, *volume) if array.ndim == 4 else volume] = block[(c, slice(None), *place)]
