"""Voxel size of a TIFF, read from and written to the tags of ImageJ, OME and plain TIFF."""

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
from tifffile import OmeXml, TiffFile

from synfine_monai.scans.base import ScanInfo
from synfine_monai.scans.voxel_size import MICROMETRES, is_of_a_printer, known_unit, shortest_size, sizes_of_affine

RESOLUTION_UNITS = {2: "inch", 3: "cm", 4: "mm", 5: "um"}


def tiff_voxel_steps(tif: TiffFile, depth: int) -> tuple[tuple[float, float, float], str] | None:
    """((z, y, x), unit) as a TIFF states them, or None where it does not.

    Where the tags know the size of a pixel only (a single slice, or plain TIFF, which has no tag for z), voxels are
    taken to be cubes if their pixels are square. An ImageJ or OME stack without its z step has no known voxel size.
    """
    if tif.is_ome:
        return _ome_steps(tif.ome_metadata, depth)
    tags = {
        name: tag.value
        for name in ("XResolution", "YResolution", "ResolutionUnit")
        if (tag := tif.pages.first.tags.get(name)) is not None
    }
    described: dict[str, Any] = tif.imagej_metadata or (tif.shaped_metadata or ({},))[0]
    if described.get("unit") is not None:
        return _described_steps(described, tags, depth)
    return _plain_steps(tags)


def _ome_steps(xml: str, depth: int) -> tuple[tuple[float, float, float], str] | None:
    pixels = ElementTree.fromstring(xml).find(".//{*}Pixels")
    if pixels is None:
        return None
    sizes = {axis: _positive(pixels.get(f"PhysicalSize{axis}")) for axis in "XYZ"}
    units = {axis: known_unit(pixels.get(f"PhysicalSize{axis}Unit", "µm")) for axis in "XYZ"}
    if depth == 1 and not sizes["Z"] and sizes["X"] == sizes["Y"]:
        sizes["Z"], units["Z"] = sizes["X"], units["X"]
    if None in units.values() or not all(sizes.values()):
        return None
    unit = units["X"]
    if is_of_a_printer(sizes["X"], unit):
        return None
    z, y, x = (
        sizes[axis] if units[axis] == unit else sizes[axis] * MICROMETRES[units[axis]] / MICROMETRES[unit]
        for axis in "ZYX"
    )
    return (z, y, x), unit


def _described_steps(
    described: Mapping[str, Any], tags: Mapping[str, Any], depth: int
) -> tuple[tuple[float, float, float], str] | None:
    """By ImageJ's description: ``unit`` and ``spacing`` there, x and y in the resolution tags.

    ``yunit`` and ``zunit`` stand there only where they differ from ``unit``.
    """
    unit, pixel = known_unit(described["unit"]), _pixel(tags)
    y_unit, z_unit = (known_unit(described.get(key, described["unit"])) for key in ("yunit", "zunit"))
    if y_unit is None or z_unit is None:
        return None
    if unit is None or pixel is None or any(is_of_a_printer(step, unit) for step in pixel):
        return None
    spacing = _positive(described.get("spacing"))
    # ImageJ leaves a spacing of 1.0 out, other programs forget theirs: only if all agree is it taken as 1
    if not spacing and (depth == 1 or pixel == (1.0, 1.0)) and pixel[0] == pixel[1]:
        spacing = pixel[0]
    if not spacing:
        return None
    y, z = (MICROMETRES[other] / MICROMETRES[unit] if other != unit else 1.0 for other in (y_unit, z_unit))
    return (spacing * z, pixel[0] * y, pixel[1]), unit


def _plain_steps(tags: Mapping[str, Any]) -> tuple[tuple[float, float, float], str] | None:
    unit, pixel = RESOLUTION_UNITS.get(int(tags.get("ResolutionUnit", 0))), _pixel(tags)
    if unit is None or pixel is None or pixel[0] != pixel[1]:
        return None
    if is_of_a_printer(pixel[0], unit) or pixel[0] == 1.0:
        return None
    return (pixel[0], *pixel), unit


def _positive(value: Any) -> float:
    """The length of a step, 0.0 if it is not stated as a number."""
    try:
        size = abs(float(value))
    except (TypeError, ValueError):
        return 0.0
    return size if math.isfinite(size) else 0.0


def _pixel(tags: Mapping[str, Any]) -> tuple[float, float] | None:
    """Size (y, x) of a pixel in the file's unit."""
    rationals = tags.get("YResolution"), tags.get("XResolution")
    if any(rational is None or not rational[0] or not rational[1] for rational in rationals):
        return None
    (y_pixels, y_units), (x_pixels, x_units) = rationals
    return shortest_size(y_pixels, y_units), shortest_size(x_pixels, x_units)


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


def ome_description(like: ScanInfo, dtype: np.dtype, count: int) -> bytes:
    """OME's description of a stack of ``count`` channels with the voxel size of ``like``."""
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


def _steps(like: ScanInfo) -> tuple[float, float, float] | None:
    """(z, y, x) in the file's unit."""
    if like.voxel_size_um is None:
        return None
    return sizes_of_affine(like.affine)
