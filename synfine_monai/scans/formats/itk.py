"""NRRD, MHA and MHD scans: SimpleITK reads the header, the voxels are read by windows."""

from pathlib import Path
from typing import Self

import numpy as np
import SimpleITK

from synfine_monai.errors import ScanError
from synfine_monai.scans.base import OpenOptions, Scan, ScanInfo
from synfine_monai.scans.formats.itk_header import ItkHeader, read_itk_header
from synfine_monai.scans.voxel_size import MICROMETRES
from synfine_monai.scans.voxel_stream import VoxelStream

__all__ = ["ItkScan"]

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


class ItkScan(Scan):
    """A grey-level image in NRRD or MetaImage format.

    Its spacing is in the unit that an NRRD states, otherwise in millimetres, as ITK has it. A spacing of 1, 1, 1
    without a unit is what programs write when nobody said anything: the voxel size is unknown then.

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
        known = header.states_spacing and (header.unit is not None or set(reader.GetSpacing()[:3]) != {1.0})
        voxel_size_um = _voxel_size(reader, unit) if known else None
        layout = {
            "unit": unit if known else None,
            "states_unit": header.unit is not None,
            "flat": reader.GetDimension() == 2,
        }
        super().__init__(ScanInfo(path, kind, shape, dtype, voxel_size_um, affine, layout))
        self._stream = _stream(header, shape, dtype, path)

    @classmethod
    def opened(cls, path: Path, options: OpenOptions) -> Self:
        return cls(path, options.kind)

    def _read(self, start: int, stop: int) -> np.ndarray:
        if self._stream is not None:
            return self._stream.read(start, stop)
        image = SimpleITK.ReadImage(str(self.info.path))
        return SimpleITK.GetArrayViewFromImage(image).reshape(self.shape)[start:stop]

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


def _stream(header: ItkHeader, shape: tuple[int, int, int], dtype: np.dtype, path: Path) -> VoxelStream | None:
    if header.encoding is None:
        return None
    stored, offset = dtype.newbyteorder(header.byte_order), header.offset
    needed, size = int(np.prod(shape, dtype=np.int64)) * dtype.itemsize, header.data_path.stat().st_size
    if header.encoding == "raw":
        offset = size - needed if offset < 0 else offset
        if offset < 0 or offset + needed > size:
            raise ScanError(
                f"{path.name} is cut short: {header.data_path.name} has {size:,} bytes, but "
                f"{max(offset, 0):,} of header and {needed:,} of voxels are needed; copy or export it "
                "again."
            )
    return VoxelStream(header.data_path, offset, shape, stored, header.encoding)
