"""Writes NRRD, MHA and MHD slab by slab, deflated; SimpleITK could only write whole volumes."""

import gzip
import os
import zlib
from contextlib import suppress

import numpy as np

from synfine_monai.scans.base import ScanInfo, ScanSink
from synfine_monai.scans.voxel_size import sizes_of_affine

__all__ = ["MetaImageSink", "NrrdSink"]

LEVEL = 3
"""Of deflation: labels shrink well at any level."""

META_TYPES = {
    "uint8": "MET_UCHAR",
    "int8": "MET_CHAR",
    "uint16": "MET_USHORT",
    "int16": "MET_SHORT",
    "uint32": "MET_UINT",
    "int32": "MET_INT",
    "float32": "MET_FLOAT",
    "float64": "MET_DOUBLE",
}
NRRD_TYPES = {"float32": "float", "float64": "double"}


class NrrdSink(ScanSink):
    """NRRD with gzip encoding, its geometry in ITK's left-posterior-superior space; channels are the fastest axis."""

    def _begin(self) -> None:
        self._raw = open(self.partial, "wb")  # noqa: SIM115  closed by _finish and _discard
        self._raw.write(self._header().encode("ascii"))
        self._file = gzip.GzipFile(fileobj=self._raw, mode="wb", compresslevel=LEVEL, mtime=0)

    def _header(self) -> str:
        axes = _axes(self.like)
        sizes, kinds = list(reversed(self.shape))[:axes], ["domain"] * axes
        directions = [f"({','.join(repr(float(v)) for v in self.like.affine[:axes, axis])})" for axis in range(axes)]
        if self.channels is not None:
            sizes, kinds, directions = [self.channels, *sizes], ["vector", *kinds], ["none", *directions]
        lines = [
            "NRRD0004",
            "# Complete NRRD file format specification at:",
            "# http://teem.sourceforge.net/nrrd/format.html",
            f"type: {NRRD_TYPES.get(self.dtype.name, self.dtype.name)}",
            f"dimension: {len(sizes)}",
            "space: left-posterior-superior" if axes == 3 else "space dimension: 2",
            f"sizes: {' '.join(map(str, sizes))}",
            f"space directions: {' '.join(directions)}",
            f"kinds: {' '.join(kinds)}",
            "endian: little",
            "encoding: gzip",
            f"space origin: ({','.join(repr(float(v)) for v in self.like.affine[:axes, 3])})",
        ]
        if (unit := self._unit_to_state()) is not None:
            lines.append("space units: " + " ".join([f'"{unit}"'] * axes))
        return "\n".join(lines) + "\n\n"

    def _unit_to_state(self) -> str | None:
        """None where millimetres, or a spacing of 1 that nobody set, are understood."""
        if self.like.voxel_size_um is None:
            return None if sizes_of_affine(self.like.affine) == (1.0, 1.0, 1.0) else "unknown"
        unit = self.like.layout.get("unit", "mm")
        return unit if unit != "mm" or self.like.layout.get("states_unit") else None

    def _append(self, slab: np.ndarray) -> None:
        self._file.write(_interleaved(slab, self.channels).data)

    def _finish(self) -> None:
        self._file.close()
        self._raw.close()

    def _discard(self) -> None:
        for file in (getattr(self, "_file", None), getattr(self, "_raw", None)):
            if file is not None:
                with suppress(OSError):
                    file.close()


class MetaImageSink(ScanSink):
    """MHA (one file) or MHD with its .zraw beside it; channels are the fastest axis."""

    def _begin(self) -> None:
        self._local = self.path.suffix.lower() == ".mha"
        self._data = self.path if self._local else self.path.with_suffix(".zraw")
        self._data_partial = self._data.with_name(f".{self._data.name}.partial")
        self._file = open(self._data_partial, "wb")  # noqa: SIM115  closed by _finish and _discard
        self._deflater, self._size = zlib.compressobj(LEVEL), 0
        if self._local:
            self._file.write(self._header().encode("ascii"))

    def _header(self) -> str:
        axes = _axes(self.like)
        columns = self.like.affine[:axes, :axes]
        steps = np.linalg.norm(columns, axis=0)
        fields = {
            "ObjectType": "Image",
            "NDims": axes,
            "BinaryData": True,
            "BinaryDataByteOrderMSB": False,
            "CompressedData": True,
            "CompressedDataSize": f"{self._size:020d}",
            "TransformMatrix": _numbers((columns / steps).T.ravel()),
            "Offset": _numbers(self.like.affine[:axes, 3]),
            "CenterOfRotation": _numbers(np.zeros(axes)),
            "ElementSpacing": _numbers(steps),
            "DimSize": " ".join(map(str, list(reversed(self.shape))[:axes])),
        }
        if self.channels is not None:
            fields["ElementNumberOfChannels"] = self.channels
        fields |= {
            "ElementType": META_TYPES[self.dtype.name],
            "ElementDataFile": "LOCAL" if self._local else self._data.name,
        }
        return "".join(f"{name} = {value}\n" for name, value in fields.items())

    def _append(self, slab: np.ndarray) -> None:
        self._put(self._deflater.compress(_interleaved(slab, self.channels).data))

    def _put(self, data: bytes) -> None:
        self._file.write(data)
        self._size += len(data)

    def _finish(self) -> None:
        self._put(self._deflater.flush())
        if self._local:
            self._file.seek(0)
            self._file.write(self._header().encode("ascii"))  # now with the size of what follows, in as many bytes
        self._file.close()
        if not self._local:
            self.partial.write_text(self._header(), encoding="ascii")

    def _publish(self) -> None:
        if not self._local:
            os.replace(self._data_partial, self._data)
        super()._publish()

    def _discard(self) -> None:
        if hasattr(self, "_file"):
            with suppress(OSError):
                self._file.close()
            self._data_partial.unlink(missing_ok=True)


def _axes(like: ScanInfo) -> int:
    return 2 if like.layout.get("flat") else 3


def _numbers(values: np.ndarray) -> str:
    return " ".join(repr(float(value)) for value in values)


def _interleaved(slab: np.ndarray, channels: int | None) -> np.ndarray:
    """Little-endian, with the channels last."""
    slab = slab if channels is None else np.moveaxis(slab, 0, -1)
    return np.ascontiguousarray(slab, dtype=slab.dtype.newbyteorder("<"))
