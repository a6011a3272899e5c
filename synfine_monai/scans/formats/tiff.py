"""TIFF, read and written page by page: plain, ImageJ, OME and BigTIFF, any compression that imagecodecs knows."""

import re
from pathlib import Path
from typing import Self

import numpy as np
from tifffile import COMPRESSION, PHOTOMETRIC, TiffFile, TiffPage, TiffPageSeries, TiffWriter

from synfine_monai.errors import ScanError
from synfine_monai.scans.base import FileScan, OpenOptions, ScanInfo, grey_dtype
from synfine_monai.scans.formats.palette import Palette
from synfine_monai.scans.formats.picture import JPEG_NOTE
from synfine_monai.scans.formats.tiff_axes import grey_series, other_than_slices, page_says
from synfine_monai.scans.formats.tiff_voxel_size import (
    imagej_description,
    ome_description,
    tiff_page_options,
    tiff_voxel_steps,
)
from synfine_monai.scans.sink import ScanSink
from synfine_monai.scans.voxel_size import MICROMETRES
from synfine_monai.scans.voxel_stream import VoxelStream

INVERTED = "its low grey levels are meant to be shown bright (min-is-white, an inverting LUT): they are read as stored."
LOSSY = (COMPRESSION.OJPEG, COMPRESSION.JPEG)
CLASSIC_LIMIT = 4 * 1000**3
"""Bytes of voxels above which a classic TIFF might not hold them all: its offsets end at 2^32."""


class TiffScan(FileScan):
    """A TIFF with one grey-level image a page, also as indices into a scale of grey levels.

    Args:
        path: the file.
        given: list in which the library's logged errors gather while it is open (see ``quiet_libraries``).

    Raises:
        ScanError: for colour, complex and 4-D images, pages that differ in shape or type, and files cut short.
    """

    @classmethod
    def opened(cls, path: Path, options: OpenOptions) -> Self:
        return cls(path, options.errors)

    def _open(self, path: Path) -> TiffFile:
        return TiffFile(path)

    def _described(self, path: Path, given: list[str]) -> ScanInfo:
        _refuse_unequal_pages(path)
        tif = self._opened(path)
        series = grey_series(tif, path)
        _refuse_missing_pages(tif, series, path, given)
        first = series.keyframe
        shape = (_page_count(series), first.imagelength, first.imagewidth)
        dtype = grey_dtype(path.name, first.dtype)
        voxel_size_um, affine, unit = _geometry(tiff_voxel_steps(tif, shape[0]))
        kind = "ome" if tif.is_ome else "imagej" if tif.is_imagej else "plain"
        layout = {"kind": kind, "bigtiff": tif.is_bigtiff, "unit": unit, "flat": series.ndim == 2}
        self._stream = _plain_stream(tif, series, path, shape)
        notes = (INVERTED,) if first.photometric == PHOTOMETRIC.MINISWHITE else ()
        palette = _palette(first)
        self._greys = palette.greys(dtype) if palette is not None and palette.is_grey else None
        if palette is not None:
            layout |= palette.layout()
        if notes:
            layout["shown"] = b"inverted"
        if first.compression in LOSSY:
            notes = (*notes, JPEG_NOTE)
        if called := other_than_slices(series):
            notes = (*notes, f"its header calls its {shape[0]} slices {called}: they are read as slices along z.")
        return ScanInfo(path, "tiff", shape, dtype, voxel_size_um, affine, layout, notes=notes)

    def _read(self, start: int, stop: int) -> np.ndarray:
        slab = self._stored(start, stop)
        return slab if self._greys is None else self._greys[slab]

    def _stored(self, start: int, stop: int) -> np.ndarray:
        if self._stream is not None:
            return self._stream.read(start, stop)
        series = self._opened(self.info.path).series[0]
        slab = np.empty((stop - start, *self.shape[1:]), self.dtype)
        for z in range(start, stop):
            page = series.pages[z]  # of an OME-TIFF in several files it may be in another
            _refuse_short_page(page, page.parent.filehandle.size, self.info.path, z)
            slab[z - start] = page.asarray().reshape(self.shape[1:])
        return slab


def _palette(page: TiffPage) -> Palette | None:
    if page.photometric != PHOTOMETRIC.PALETTE or page.colormap is None:
        return None
    return Palette(np.asarray(page.colormap).T)


def _refuse_unequal_pages(path: Path) -> None:
    """tifffile looks at some pages only before it takes them to be alike."""
    with TiffFile(path) as tif:
        first = tif.pages.first
        if first.samplesperpixel > 1:
            raise ScanError(
                f"{path.name} is a colour image ({first.samplesperpixel} samples a pixel); save it as grey levels."
            )
        tif.pages.useframes = False
        for number, page in enumerate(tif.pages):
            if not (page.is_reduced and number) and (page.shape, page.dtype) != (first.shape, first.dtype):
                raise ScanError(
                    f"{path.name}: page {number} is {page_says(page)}, page 0 is {page_says(first)}; "
                    "save pages of one shape and type."
                )
            if not np.array_equal(page.colormap, first.colormap):
                raise ScanError(f"{path.name}: page {number} has another palette than page 0; save it as grey levels.")
            _refuse_short_page(page, tif.filehandle.size, path, number)


def _refuse_missing_pages(tif: TiffFile, series: TiffPageSeries, path: Path, errors: list[str]) -> None:
    stated = _stated_page_count(tif)
    for name in re.findall(r'FileName="([^"]+)"', tif.ome_metadata or ""):
        if not (path.parent / Path(name).name).is_file() and len(series.pages) > len(tif.pages):
            raise ScanError(f"{path.name} holds a part of an image in several files, and {name} is missing beside it.")
    # a tag that cannot be understood may be some vendor's, one that points behind the end was cut off
    errors = [error for error in errors if "TiffTag" not in error or "invalid value offset" in error]
    if errors or stated > _page_count(series) or any(page is None for page in series.pages):
        raise ScanError(
            f"{path.name} is cut short or damaged: not all of it can be found behind page "
            f"{_page_count(series) - 1}; copy or export it again."
        )


def _geometry(
    stated: tuple[tuple[float, float, float], str] | None,
) -> tuple[tuple[float, float, float] | None, np.ndarray, str | None]:
    """(voxel size in µm, affine, unit) from ((z, y, x), unit), or the unknown ones."""
    if stated is None:
        return None, np.eye(4), None
    steps, unit = stated
    z, y, x = (step * MICROMETRES[unit] for step in steps)
    return (z, y, x), np.diag([*reversed(steps), 1.0]), unit


def _page_count(series: TiffPageSeries) -> int:
    return series.size // (series.keyframe.imagelength * series.keyframe.imagewidth)


def _stated_page_count(tif: TiffFile) -> int:
    """The number of pages that ImageJ's or tifffile's description promises."""
    if tif.is_imagej:
        return int((tif.imagej_metadata or {}).get("images", 1))
    shapes = [one["shape"] for one in tif.shaped_metadata or () if "shape" in one]
    first = tif.pages.first
    return max((int(np.prod(shape)) // (first.imagelength * first.imagewidth) for shape in shapes), default=1)


def _plain_stream(tif: TiffFile, series: TiffPageSeries, path: Path, shape: tuple[int, int, int]) -> VoxelStream | None:
    """Direct access where all pages stand uncompressed one after the other, as ImageJ writes them."""
    first = series.keyframe
    if series.dataoffset is None or first.dtype == bool or first.fillorder != 1:
        return None
    if series.dataoffset + series.nbytes > tif.filehandle.size:
        raise ScanError(
            f"{path.name} is cut short: it has {tif.filehandle.size:,} bytes, but {shape[0]} pages of "
            f"{page_says(first)} need {series.dataoffset + series.nbytes:,}; copy or export it again."
        )
    return VoxelStream(path, series.dataoffset, shape, first.dtype.newbyteorder(tif.byteorder))


def _refuse_short_page(page: TiffPage, file_size: int, path: Path, number: int) -> None:
    ends = (offset + count for offset, count in zip(page.dataoffsets, page.databytecounts, strict=False))
    needed = max(ends, default=0)
    if needed > file_size or not page.dataoffsets:
        raise ScanError(
            f"{path.name} is cut short: page {number} ends at byte {needed:,}, the file at {file_size:,}; "
            "copy or export it again."
        )


class TiffSink(ScanSink):
    """One page a slice (and channel); OME where the source was OME, else with ImageJ's description."""

    def _begin(self) -> None:
        count = self.channels or 1
        nbytes = int(np.prod(self.shape)) * count * self.dtype.itemsize
        self._tif = TiffWriter(self.partial, bigtiff=bool(self.like.layout.get("bigtiff")) or nbytes > CLASSIC_LIMIT)
        if self.like.layout.get("kind") == "ome":
            self._description: str | bytes | None = ome_description(self.like, self.dtype, count)
        else:
            self._description = imagej_description(self.like, self.shape[0], self.channels)

    def _append(self, slab: np.ndarray) -> None:
        pages = slab[None] if self.channels is None else slab
        for images in np.moveaxis(pages, 0, 1):
            for image in images:
                self._tif.write(image, description=self._description, **tiff_page_options(self.like))
                self._description = None  # it stands on the first page

    def _finish(self) -> None:
        self._tif.close()

    def _discard(self) -> None:
        if hasattr(self, "_tif"):
            self._tif.filehandle.close()
