"""NIfTI scans (.nii, .nii.gz): axes x, y, z in the file, z first here; written slab by slab."""

import gzip
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import nibabel
import numpy as np

from synfine_monai.errors import ScanError
from synfine_monai.scans.base import Scan, ScanInfo
from synfine_monai.scans.sink import ScanSink
from synfine_monai.scans.voxel_size import MICROMETRES
from synfine_monai.scans.voxel_stream import VoxelStream

UNITS = {1: "m", 2: "mm", 3: "um"}
"""Spatial part of xyzt_units; 0 is unknown."""

LEVEL = 3
"""Of gzip: labels shrink well at any level."""


class NiftiScan(Scan):
    """A NIfTI-1 or NIfTI-2 image, one file.

    Raises:
        ScanError: for colour, complex and 4-D images.
    """

    def __init__(self, path: Path) -> None:
        image = nibabel.load(path)
        header = image.header
        dims = tuple(int(n) for n in header.get_data_shape())
        stored = header.get_data_dtype()
        _refuse_what_is_no_scan(path, dims, stored)
        x, y, z = (*dims[:3], 1, 1)[:3]
        slope, intercept = float(image.dataobj.slope), float(image.dataobj.inter)
        self._scaling = None if (slope, intercept) == (1.0, 0.0) else (slope, intercept)
        dtype = np.dtype(np.float32) if self._scaling else stored.newbyteorder("=")
        unit = UNITS.get(int(header["xyzt_units"]) & 7)
        layout = {"header": header.copy(), "unit": unit, "dims": dims}
        voxel_size_um, notes = _voxel_size(header, unit), ()
        if voxel_size_um is not None and (note := _other_steps(header)):
            voxel_size_um, notes = None, (note,)
        super().__init__(
            ScanInfo(path, "nifti", (z, y, x), dtype, voxel_size_um, image.affine.copy(), layout, notes=notes)
        )
        offset, zipped = int(image.dataobj.offset), path.suffix.lower() == ".gz"
        self.forward_only = zipped
        self._stream = VoxelStream(
            path, 0 if zipped else offset, (z, y, x), stored, "gzip" if zipped else "raw", skip=offset if zipped else 0
        )

    def _read(self, start: int, stop: int) -> np.ndarray:
        slab = self._stream.read(start, stop)
        if self._scaling is None:
            return slab
        slope, intercept = self._scaling
        return slab.astype(np.float32) * np.float32(slope) + np.float32(intercept)

    def close(self) -> None:
        self._stream.close()


def _refuse_what_is_no_scan(path: Path, dims: tuple[int, ...], dtype: np.dtype) -> None:
    if len(dims) < 2 or any(n > 1 for n in dims[3:]) or 0 in dims:
        raise ScanError(
            f"{path.name} has the axes {'×'.join(map(str, dims))}; a scan has x, y and z, one volume a file."
        )
    if dtype.fields:
        raise ScanError(f"{path.name} is a colour image; save it as grey levels.")
    if dtype.kind not in "uif":
        raise ScanError(f"{path.name} holds {dtype} numbers; save it as integers or real floating point.")


def _voxel_size(header: nibabel.Nifti1Header, unit: str | None) -> tuple[float, float, float] | None:
    steps = [abs(float(f"{step:.7g}")) for step in header.get_zooms()[:3]]  # 0.006 in single precision is 0.0060000002
    if len(steps) == 2:
        steps.append(steps[0])
    if unit is None or not all(np.isfinite(steps)) or min(steps) <= 0:
        return None
    if unit != "um" and steps[:2] == [1.0, 1.0]:
        return None  # 1×1×1 and 1×1×999 mm are what programs write when nobody said anything
    x, y, z = (float(f"{step * MICROMETRES[unit]:.9g}") for step in steps)
    return z, y, x


def _other_steps(header: nibabel.Nifti1Header) -> str:
    """What is wrong where pixdim and sform state two voxel sizes; steps of 1 are those that nobody set."""
    steps = header.get_zooms()[:3]
    stated = np.linalg.norm(header.get_sform()[:3, :3], axis=0)[: len(steps)]
    if not header["sform_code"] or np.allclose(stated, 1.0) or np.allclose(np.abs(steps), stated, rtol=1e-3):
        return ""
    two = (" × ".join(f"{step:.4g}" for step in each) for each in (steps, stated))
    return f"its header states two voxel sizes (x, y, z), {next(two)} (pixdim) and {next(two)} (sform): unknown."


class NiftiSink(ScanSink):
    """Writes NIfTI with the source's header; channels become the fourth axis."""

    def _begin(self) -> None:
        header = self._header()
        self._zipped = self.path.suffix.lower() == ".gz"
        count = self.channels or 1
        # the channel is the slowest axis in the file: each grows in its own part, and the parts are joined at the end
        self._parts = [self.partial] + [self.partial.with_name(f"{self.partial.name}.{c}") for c in range(1, count)]
        self._files = []
        for part in self._parts:
            self._files.append(gzip.open(part, "wb", LEVEL) if self._zipped else part.open("wb"))  # noqa: SIM115
        self._files[0].write(header.binaryblock + b"\0" * (int(header["vox_offset"]) - header.sizeof_hdr))

    def _header(self) -> nibabel.Nifti1Header:
        layout: Mapping[str, Any] = self.like.layout
        depth, height, width = self.shape
        dims = layout.get("dims", (width, height, depth))
        if self.channels is not None:
            dims = (width, height, depth, self.channels)
        header = layout["header"].copy() if "header" in layout else nibabel.Nifti1Header()
        if max(dims) > 32767 and not isinstance(header, nibabel.Nifti2Header):
            header = nibabel.Nifti2Header.from_header(header)
        header = header.as_byteswapped("<")
        header.set_data_shape(dims)
        header.set_data_dtype(self.dtype)
        header.set_slope_inter(1.0, 0.0)
        header["cal_min"] = header["cal_max"] = 0
        header["vox_offset"] = 352 if header.sizeof_hdr == 348 else 544
        self._set_geometry(header, len(dims))
        return header

    def _set_geometry(self, header: nibabel.Nifti1Header, axes: int) -> None:
        unit = self.like.layout.get("unit")
        code = next((code for code, name in UNITS.items() if name == unit), 0)
        header["xyzt_units"] = (int(header["xyzt_units"]) & ~7) | code
        steps = np.linalg.norm(self.like.affine[:3, :3], axis=0)
        if not np.allclose(header.get_best_affine(), self.like.affine, rtol=1e-6, atol=0):
            header.set_sform(self.like.affine, code=int(header["sform_code"]) or 2)
            header.set_qform(self.like.affine, code=int(header["qform_code"]), strip_shears=True)
            header.set_zooms((*steps, 1.0, 1.0, 1.0, 1.0)[:axes])

    def _append(self, slab: np.ndarray) -> None:
        for file, volume in zip(self._files, slab.reshape(len(self._files), -1), strict=True):
            file.write(volume.astype(self.dtype.newbyteorder("<"), copy=False).data)

    def _finish(self) -> None:
        for file in self._files:
            file.close()
        with open(self._parts[0], "ab") as joined:
            for part in self._parts[1:]:
                with open(part, "rb") as channel:
                    while block := channel.read(1 << 20):
                        joined.write(block)
                part.unlink()

    def _discard(self) -> None:
        for file in getattr(self, "_files", ()):
            with suppress(OSError):
                file.close()
        for part in getattr(self, "_parts", ())[1:]:
            part.unlink(missing_ok=True)
