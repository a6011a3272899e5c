"""What the name of a headerless raw file says: core_96x96x16_uint16_2214nm.raw is x, y, z, type and voxel size."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

__all__ = ["RawName", "labels_name", "read_raw_name"]

SIZES = re.compile(r"(?<!\d)(?=(\d+)[_x×](\d+)[_x×](\d+)(?!\d))", re.IGNORECASE)
DTYPE = re.compile(r"(?<![a-z0-9])(u?int(?:8|16|32|64)|float(?:16|32|64))(be|le)?(?![a-z0-9])", re.IGNORECASE)
VOXEL = re.compile(r"(?<![\d.])(?:([\d.]+)x([\d.]+)x)?(\d+(?:\.\d+)?)(nm|um|µm)(?![a-z0-9])", re.IGNORECASE)


@dataclass(frozen=True)
class RawName:
    """What a name says; whatever it does not say is None or empty.

    Attributes:
        shapes: every (z, y, x) that the digits of the name can be read as.
        dtype: type of the voxels with its byte order.
        voxel_size_um: (z, y, x).
    """

    shapes: tuple[tuple[int, int, int], ...]
    dtype: np.dtype | None
    voxel_size_um: tuple[float, float, float] | None


def read_raw_name(stem: str) -> RawName:
    """Read the name of a raw file, without its extension."""
    rest = VOXEL.sub("|", DTYPE.sub("|", stem))
    shapes = tuple((int(z), int(y), int(x)) for x, y, z in SIZES.findall(rest) if int(x) * int(y) * int(z))
    found = DTYPE.search(stem)
    dtype = None
    if found:
        dtype = np.dtype(found[1].lower()).newbyteorder(">" if (found[2] or "").lower() == "be" else "<")
    voxel_size_um = None
    if found := VOXEL.search(stem):
        factor = 1e-3 if found[4].lower() == "nm" else 1.0
        x, y, z = (float(f"{float(step or found[3]) * factor:.12g}") for step in found.groups()[:3])
        voxel_size_um = (z, y, x) if min(x, y, z) > 0 else None
    return RawName(shapes, dtype, voxel_size_um)


def labels_name(
    stem: str, suffix: str, shape: tuple[int, int, int], dtype: np.dtype, voxel_size_um: Sequence[float] | None
) -> str:
    """The stem for labels: the source's with ``suffix``, the new type, and the sizes and voxel size it lacks."""
    said = read_raw_name(stem)
    stem = VOXEL.sub("", DTYPE.sub("", stem))
    stem = re.sub(r"_{2,}", "_", stem).strip("_-") + suffix
    if shape not in said.shapes:
        stem += "_{2}x{1}x{0}".format(*shape)
    stem += f"_{dtype.name}"
    if voxel_size_um is not None:
        steps = [f"{size * 1e3:.10g}" for size in reversed(voxel_size_um)]
        stem += f"_{steps[0] if len(set(steps)) == 1 else 'x'.join(steps)}nm"
    return stem
