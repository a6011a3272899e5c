"""NRRD, MHA and MHD, read by windows and written slab by slab, deflated; SimpleITK reads the header."""

import gzip
import os
import zlib
from contextlib import suppress
from pathlib import Path
from typing import Self

import numpy as np
import SimpleITK

from synfine_monai.errors import ScanError
from synfine_monai.scans.base import OpenOptions, Scan, ScanInfo
from synfine_monai.scans.formats.itk_header import read_itk_header, voxel_stream_of
from synfine_monai.scans.sink import ScanSink
from synfine_monai.scans.voxel_size import MICROMETRES, sizes_of_affine

DTYPES = {
    SimpleITK.sitkUInt8: "uint8",
    SimpleITK.sitkInt8: "int8",
    SimpleITK.sitkUInt16: "uint16",
    SimpleITK.sitkInt16: "int16",
    SimpleITK.sitkUInt32: "uint32",
    SimpleITK.sitkInt32: "int32",
    SimpleITK.sitkUInt64: "uint64",
    SimpleITK.sitkInt64: "int64",
    SimpleITK.sitkFloat32: "float32",
    SimpleITK.sitkFloat64: "float64",
}
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


class ItkScan(Scan):
    """A grey-level image in NRRD or MetaImage format.

    Its spacing is in the unit that an NRRD states, otherwise in millimetres, as ITK has it. 1 along x and y without
    a unit is what programs write when nobody said anything: the voxel size is unknown then.

    Raises:
        ScanError: for colour, complex and 4-D images, files cut short, and headers without their voxels.
    """

    def __init__(self, path: Path, kind: str) -> None:
        header = read_itk_header(path)
        reader = SimpleITK.ImageFileReader()
        reader.SetFileName(str(path))
        reader.ReadImageInformation()
        shape, dtype = _shape(reader, path), _dtype(reader, path)
        affine, unit = _affine(reader), header.unit or "mm"
        known = header.states_spacing and (header.unit is not None or set(reader.GetSpacing()[:2]) != {1.0})
        voxel_size_um = _voxel_size(reader, unit) if known else None
        layout = {
            "unit": unit if known else None,
            "states_unit": header.unit is not None,
            "flat": reader.GetDimension() == 2,
        }
        super().__init__(ScanInfo(path, kind, shape, dtype, voxel_size_um, affine, layout))
        self._stream = voxel_stream_of(header, shape, dtype, path)

    @classmethod
    def opened(cls, path: Path, options: OpenOptions) -> Self:
        return cls(path, options.kind)

    def _read(self, start: int, stop: int) -> np.ndarray:
        if self._stream is not None:
            return self._stream.read(start, stop)
        image = SimpleITK.ReadImage(str(self.info.path))
        return SimpleITK.GetArrayFromImage(image).reshape(self.shape)[start:stop]  # a view would outlive its image

    def close(self) -> None:
        if self._stream is not None:
            self._stream.close()


def _shape(reader: SimpleITK.ImageFileReader, path: Path) -> tuple[int, int, int]:
    size = reader.GetSize()
    if reader.GetNumberOfComponents() > 1:
        raise ScanError(
            f"{path.name} has {reader.GetNumberOfComponents()} numbers a voxel (colour or complex); save "
            "it as grey levels."
        )
    if len(size) < 2 or any(n > 1 for n in size[3:]):
        raise ScanError(
            f"{path.name} has the axes {'×'.join(map(str, size))}; a scan has x, y and z, one volume a file."
        )
    x, y, z = (*size[:3], 1)[:3]
    return z, y, x


def _dtype(reader: SimpleITK.ImageFileReader, path: Path) -> np.dtype:
    if reader.GetPixelID() not in DTYPES:
        name = SimpleITK.GetPixelIDValueAsString(reader.GetPixelID())
        raise ScanError(f"{path.name} holds voxels of type {name}; save them as integers or real floating point.")
    return np.dtype(DTYPES[reader.GetPixelID()])


def _affine(reader: SimpleITK.ImageFileReader) -> np.ndarray:
    axes = min(reader.GetDimension(), 3)
    direction = np.reshape(reader.GetDirection(), (reader.GetDimension(),) * 2)[:axes, :axes]
    affine = np.eye(4)
    affine[:axes, :axes] = direction * np.asarray(reader.GetSpacing()[:axes])
    affine[:axes, 3] = reader.GetOrigin()[:axes]
    if axes == 2:
        affine[2, 2] = reader.GetSpacing()[0]
    return affine


def _voxel_size(reader: SimpleITK.ImageFileReader, unit: str) -> tuple[float, float, float]:
    spacing = reader.GetSpacing()
    x, y, z = (float(f"{step * MICROMETRES[unit]:.12g}") for step in (*spacing[:3], spacing[0])[:3])
    return z, y, x


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
