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
from synfine_monai.scans.byte_order import likelier_order
from synfine_monai.scans.scan_logs import ScanLog, logs_beside
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
        order_said: whether the byte order is said as well.
        voxel_size_um: (z, y, x).
    """

    shapes: tuple[tuple[int, int, int], ...]
    dtype: np.dtype | None
    order_said: bool
    voxel_size_um: tuple[float, float, float] | None


def read_raw_name(stem: str) -> RawName:
    """Read the name of a raw file, without its extension."""
    rest = VOXEL.sub("|", DTYPE.sub("|", stem))
    shapes = tuple((int(z), int(y), int(x)) for x, y, z in SIZES.findall(rest) if int(x) * int(y) * int(z))
    found_dtype = found = DTYPE.search(stem)
    dtype = _found_dtype(found) if found else None
    voxel_size_um = None
    if found := VOXEL.search(stem):
        factor = 1e-3 if found[4].lower() == "nm" else 1.0
        x, y, z = (float(f"{float(step or found[3]) * factor:.12g}") for step in found.groups()[:3])
        voxel_size_um = (z, y, x) if min(x, y, z) > 0 else None
    return RawName(shapes, dtype, bool(found_dtype and found_dtype[2]), voxel_size_um)


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
    """Voxels one after the other, x fastest.

    What options do not say is in the name (core_96x96x16_uint16_2214nm.raw), or in the log of the instrument beside it
    (.vgi, .xtekct, .pcr, .vol.info). A byte order that nobody says is that in which the grey levels are smooth.

    Args:
        path: the file.
        options: ``raw_shape``, ``raw_dtype`` and ``raw_offset`` of ``open_scan``.

    Raises:
        ScanError: if sizes or type are not said, or do not fit the number of bytes.
    """

    def __init__(self, path: Path, options: OpenOptions) -> None:
        said, logs = read_raw_name(path.stem), logs_beside(path)
        logged = [log.shape for log in logs if log.shape is not None and log.shape[0] is not None]
        shapes = said.shapes or tuple(logged) if options.raw_shape is None else (_checked_shape(options.raw_shape),)
        dtype, order_said = said.dtype, said.order_said
        if options.raw_dtype is not None:
            dtype, order_said = _checked_dtype(options.raw_dtype)
        elif dtype is None:
            dtype = next((log.dtype for log in logs if log.dtype is not None), None)
            order_said = dtype is not None and dtype.byteorder == ">"
        if not shapes:
            raise ScanError(
                f"{path.name} does not say its sizes (as in {path.stem}_100_100_200{path.suffix}, x_y_z): "
                "give --raw_shape as (z, y, x)."
            )
        offset = _offset(options.raw_offset, logs)
        size = path.stat().st_size - offset
        if dtype is None:
            raise _type_is_missing(path, shapes, size)
        shape = next((one for one in shapes if int(np.prod(one)) * dtype.itemsize == size), shapes[0])
        _refuse_other_size(path, shape, dtype, offset, options.raw_shape is not None)
        dtype, note = _asked_order(path, offset, shape, dtype, order_said)
        steps = said.voxel_size_um
        affine = np.eye(4) if steps is None else np.diag([*reversed(steps), 1.0])
        layout = {"unit": None if steps is None else "um", "byte_order": "big" if dtype.str[0] == ">" else "little"}
        plain = dtype.newbyteorder("=")
        super().__init__(ScanInfo(path, "raw", shape, plain, steps, affine, layout, "its name" * bool(steps), note))
        self._stream = VoxelStream(path, offset, shape, dtype)

    @classmethod
    def opened(cls, path: Path, options: OpenOptions) -> Self:
        return cls(path, options)

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


def _checked_dtype(raw_dtype: DTypeLike) -> tuple[np.dtype, bool]:
    """The type, and whether its byte order was said: "uint16" does not say it, "<u2" and "uint16le" do."""
    text = raw_dtype if isinstance(raw_dtype, str) else ""
    if found := DTYPE.fullmatch(text.strip()):
        return _found_dtype(found), bool(found[2])
    try:
        dtype = np.dtype(raw_dtype)
    except TypeError:
        dtype = np.dtype(object)
    if dtype.kind not in "uif":
        raise ScanError(
            f"--raw_dtype must be a type such as uint8, uint16, float32 or uint16be (big-endian), got {raw_dtype!r}."
        )
    said = text.startswith(("<", ">")) or dtype.byteorder == ">"
    return dtype.newbyteorder("<") if dtype.byteorder == "=" else dtype, said


def _found_dtype(found: re.Match) -> np.dtype:
    return np.dtype(found[1].lower()).newbyteorder(">" if (found[2] or "").lower() == "be" else "<")


def _offset(raw_offset: int | None, logs: Sequence[ScanLog]) -> int:
    if raw_offset is None:
        return next((log.offset for log in logs if log.offset is not None), 0)
    if isinstance(raw_offset, bool) or not isinstance(raw_offset, int) or raw_offset < 0:
        raise ScanError(f"--raw_offset is a whole number of bytes from 0 up, got {raw_offset!r}.")
    return raw_offset


def _refuse_other_size(path: Path, shape: tuple[int, int, int], dtype: np.dtype, offset: int, by_option: bool) -> None:
    size, needed = path.stat().st_size, int(np.prod(shape, dtype=np.int64)) * dtype.itemsize + offset
    if needed == size:
        return
    where = "--raw_shape" if by_option else "its name"
    header = f" If a header of {size - needed:,} bytes stands before them, give --raw_offset {size - needed + offset}."
    after = f" after {offset:,} bytes of header" if offset else ""
    raise ScanError(
        f"{path.name} holds {size:,} bytes, but {_sizes(shape)} voxels of {dtype.name}{after} need {needed:,}. "
        f"Is the file cut short, or are the sizes in {where} wrong?{header if size > needed else ''}"
    )


def _asked_order(
    path: Path, offset: int, shape: tuple[int, int, int], dtype: np.dtype, said: bool
) -> tuple[np.dtype, tuple[str, ...]]:
    """The type in the byte order that the grey levels speak for unless one is said; a note where they contradict."""
    stream = VoxelStream(path, offset, shape, dtype)
    depths = sorted({shape[0] // 4, shape[0] // 2, shape[0] * 3 // 4})
    other_is_likelier, this, other = likelier_order(np.concatenate([stream.read(z, z + 1) for z in depths]))
    if not other_is_likelier:
        return dtype, ()
    swapped = dtype.newbyteorder()
    names = {"<": "little-endian", ">": "big-endian"}
    orders = names[dtype.str[0]], names[swapped.str[0]]
    numbers = f"neighbours differ by {this:.2f} of the spread if {orders[0]}, by {other:.2f} if {orders[1]}"
    if said:
        return dtype, (f"read as {orders[0]}, as was said, but it looks like noise so: {numbers}.",)
    return swapped, (f"read as {orders[1]}, since {numbers}; --raw_dtype {dtype.str!r} reads it the other way.",)


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


def _sizes(shape: Sequence[int]) -> str:
    return "×".join(str(n) for n in reversed(shape))
