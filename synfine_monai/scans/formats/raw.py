"""Headerless raw volumes: sizes, type and voxel size stand in the name or in options.

A name such as core_96x96x16_uint16_2214nm.raw is x, y, z, type and voxel size.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import DTypeLike

from synfine_monai.errors import ScanError
from synfine_monai.scans.base import OpenOptions, Scan, ScanInfo
from synfine_monai.scans.sink import ScanSink
from synfine_monai.scans.voxel_stream import VoxelStream

TYPES = {1: "uint8 or int8", 2: "uint16 or int16", 4: "float32, uint32 or int32", 8: "float64"}
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


class RawScan(Scan):
    """Voxels one after the other, x fastest, little-endian unless said.

    Args:
        path: the file; its name may carry x_y_z, a type and a voxel size (core_96x96x16_uint16_2214nm.raw).
        raw_shape: (z, y, x), wins over the name.
        raw_dtype: type, wins over the name.

    Raises:
        ScanError: if sizes or type are not said, or do not fit the number of bytes.
    """

    def __init__(self, path: Path, raw_shape: Sequence[int] | None = None, raw_dtype: DTypeLike | None = None) -> None:
        said = read_raw_name(path.stem)
        size = path.stat().st_size
        dtype = said.dtype if raw_dtype is None else _checked_dtype(raw_dtype)
        shapes = said.shapes if raw_shape is None else (_checked_shape(raw_shape),)
        if not shapes:
            raise ScanError(
                f"{path.name} does not say its sizes (as in {path.stem}_100_100_200{path.suffix}, x_y_z): "
                "give --raw_shape as (z, y, x)."
            )
        if dtype is None:
            raise _type_is_missing(path, shapes, size)
        shape = next((one for one in shapes if int(np.prod(one)) * dtype.itemsize == size), shapes[0])
        needed = int(np.prod(shape, dtype=np.int64)) * dtype.itemsize
        if needed != size:
            where = "its name" if raw_shape is None else "--raw_shape"
            raise ScanError(
                f"{path.name} holds {size:,} bytes, but {_sizes(shape)} voxels of {dtype.name} need "
                f"{needed:,}. Is the file cut short, or are the sizes in {where} wrong?"
            )
        steps = said.voxel_size_um
        affine = np.eye(4) if steps is None else np.diag([*reversed(steps), 1.0])
        layout = {"unit": None if steps is None else "um"}
        super().__init__(ScanInfo(path, "raw", shape, dtype.newbyteorder("="), steps, affine, layout))
        self._stream = VoxelStream(path, 0, shape, dtype)

    @classmethod
    def opened(cls, path: Path, options: OpenOptions) -> Self:
        return cls(path, options.raw_shape, options.raw_dtype)

    def _read(self, start: int, stop: int) -> np.ndarray:
        return self._stream.read(start, stop)


class RawSink(ScanSink):
    """Little-endian voxels, x fastest; channels one volume after the other; the name says the rest."""

    labels_stem = staticmethod(labels_name)

    def _begin(self) -> None:
        self._file = open(self.partial, "wb")  # noqa: SIM115  closed by _finish and _discard

    def _append(self, slab: np.ndarray) -> None:
        slice_bytes = self.shape[1] * self.shape[2] * self.dtype.itemsize
        for channel, volume in enumerate(slab[None] if self.channels is None else slab):
            self._file.seek((channel * self.shape[0] + self._written) * slice_bytes)
            self._file.write(volume.astype(self.dtype.newbyteorder("<"), copy=False).data)

    def _finish(self) -> None:
        self._file.close()


def _checked_shape(raw_shape: Sequence[int]) -> tuple[int, int, int]:
    try:
        shape = tuple(int(n) for n in raw_shape)
    except (TypeError, ValueError):
        shape = ()
    if len(shape) != 3 or min(shape) < 1:
        raise ScanError(f"--raw_shape must be three positive whole numbers (z, y, x), got {raw_shape!r}.")
    return shape


def _checked_dtype(raw_dtype: DTypeLike) -> np.dtype:
    try:
        dtype = np.dtype(raw_dtype)
    except TypeError:
        dtype = np.dtype(object)
    if dtype.kind not in "uif":
        raise ScanError(f"--raw_dtype must be a type such as uint8, uint16 or float32, got {raw_dtype!r}.")
    return dtype.newbyteorder("<") if dtype.byteorder == "=" else dtype


def _type_is_missing(path: Path, shapes: Sequence[tuple[int, int, int]], size: int) -> ScanError:
    for shape in shapes:
        bytes_each, rest = divmod(size, int(np.prod(shape, dtype=np.int64)))
        if not rest and bytes_each in TYPES:
            return ScanError(
                f"{path.name} does not say its voxel type: its {size:,} bytes for {_sizes(shape)} voxels "
                f"fit {TYPES[bytes_each]}; say which by --raw_dtype."
            )
    return ScanError(
        f"{path.name} does not say its voxel type, and its {size:,} bytes fit none for "
        f"{_sizes(shapes[0])} voxels. Is the file cut short, or are the sizes wrong?"
    )


def _sizes(shape: tuple[int, int, int]) -> str:
    return "×".join(str(n) for n in reversed(shape))
