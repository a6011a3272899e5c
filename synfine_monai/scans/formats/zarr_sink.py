"""Writes OME-Zarr with a pyramid, layer by layer of chunks."""

from functools import partial
from itertools import product
from typing import Any

import numpy as np

from synfine_monai.errors import ScanError
from synfine_monai.scans.base import ScanSink
from synfine_monai.scans.formats.ome_multiscales import multiscales_attributes
from synfine_monai.scans.formats.pyramid import Halver, LayeredLevels, layer_depth, level_shapes
from synfine_monai.scans.formats.table import FORMATS
from synfine_monai.scans.formats.zarr import is_zarr
from synfine_monai.scans.optional import optional_library

__all__ = ["ZarrSink"]

LEVEL = 1
"""Of gzip, which every reader knows, also Java's without native libraries; labels shrink well at any level."""

CHUNK_SIDE = 256
WIDE = 2048
"""Slices wider than this get chunks of twice the side, so that a store has not too many files."""


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

    def _discard(self) -> None:
        """Nothing stays open."""


def _write(array: Any, first: int, block: np.ndarray) -> None:
    """Chunk by chunk: after an error, nothing goes on writing in the background."""
    channels = range(0, block.shape[0], array.chunks[0]) if array.ndim == 4 else range(1)
    for c, y, x in product(
        channels, *(range(0, n, side) for n, side in zip(block.shape[2:], array.chunks[-2:], strict=True))
    ):
        place = (slice(y, y + array.chunks[-2]), slice(x, x + array.chunks[-1]))
        volume = (slice(first, first + block.shape[1]), *place)
        array[(c, *volume) if array.ndim == 4 else volume] = block[(c, slice(None), *place)]
