"""Writes TIFF page by page, deflated, with the voxel size where ImageJ, OME and others look for it."""

from pathlib import Path
from typing import Any

import numpy as np
from tifffile import OmeXml, TiffWriter

from synfine_monai.scans.base import ScanInfo, ScanSink
from synfine_monai.scans.voxel_size import sizes_of_affine

__all__ = ["TiffSink", "imagej_description", "tiff_page_options"]

CLASSIC_LIMIT = 4 * 1000**3
"""Bytes of voxels above which a classic TIFF might not hold them all: its offsets end at 2^32."""


class TiffSink(ScanSink):
    """One page a slice (and channel); OME where the source was OME, else with ImageJ's description."""

    def _begin(self) -> None:
        count = self.channels or 1
        nbytes = int(np.prod(self.shape)) * count * self.dtype.itemsize
        self._tif = TiffWriter(self.partial, bigtiff=bool(self.like.layout.get("bigtiff")) or nbytes > CLASSIC_LIMIT)
        if self.like.layout.get("kind") == "ome":
            self._description: str | bytes | None = _ome_description(self.like, self.dtype, count)
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


def tiff_page_options(like: ScanInfo) -> dict[str, Any]:
    """Arguments of ``TiffWriter.write`` for one slice of a label volume like ``like``."""
    steps = _steps(like)
    resolution = None if steps is None else (1 / steps[2], 1 / steps[1])
    return {
        "metadata": None,
        "compression": "zlib",
        "photometric": "minisblack",
        "resolution": resolution,
        "resolutionunit": "NONE",
        "software": "synfine_monai",
    }


def _steps(like: ScanInfo) -> tuple[float, float, float] | None:
    """(z, y, x) in the file's unit."""
    if like.voxel_size_um is None:
        return None
    return sizes_of_affine(like.affine)


def imagej_description(like: ScanInfo, depth: int, channels: int | None = None) -> str:
    """ImageJ's description of ``depth`` slices with the voxel size of ``like``."""
    count = channels or 1
    lines = ["ImageJ=1.11a", f"images={depth * count}"]
    if count > 1:
        lines.append(f"channels={count}")
    lines.append(f"slices={depth}")
    if count > 1:
        lines += ["hyperstack=true", "mode=grayscale"]
    if (steps := _steps(like)) is not None:
        lines += [f"unit={like.layout.get('unit') or 'um'}", f"spacing={steps[0]!r}"]
    return "\n".join(lines) + "\n"


def _ome_description(like: ScanInfo, dtype: np.dtype, count: int) -> bytes:
    depth, height, width = like.shape
    sizes: dict[str, Any] = {}
    if (steps := _steps(like)) is not None:
        unit = {"um": "µm", "inch": "in"}.get(like.layout.get("unit") or "um", like.layout.get("unit"))
        for axis, step in zip("ZYX", steps, strict=True):
            sizes |= {f"PhysicalSize{axis}": step, f"PhysicalSize{axis}Unit": unit}
    xml = OmeXml()
    shape = (depth, count, height, width)
    xml.addimage(
        dtype=dtype.name,
        shape=shape,
        storedshape=(depth * count, 1, 1, height, width, 1),
        axes="ZCYX",
        Name=Path(like.path).name,
        **sizes,
    )
    return xml.tostring(declaration=True).encode()
