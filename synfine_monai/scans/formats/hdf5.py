"""HDF5 under any extension (also netCDF-4 and MATLAB 7.3): one 3-D dataset of a file.

It is named as core.h5:/path/in/file, or the only one there is.
"""

import json
import os
import re
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

import numpy as np

from synfine_monai.errors import ScanError
from synfine_monai.scans.base import FileScan, OpenOptions, ScanInfo, grey_dtype
from synfine_monai.scans.formats.pyramid import Halver, LayeredLevels, layer_depth
from synfine_monai.scans.formats.table import FORMATS
from synfine_monai.scans.optional import optional_library
from synfine_monai.scans.patient_file import PatientFile
from synfine_monai.scans.sink import ScanSink
from synfine_monai.scans.stored_axes import ChunkLayers, VolumeAxes, find_volume_axes
from synfine_monai.scans.voxel_size import MICROMETRES, known_unit

NAMED = re.compile(rf"(.+(?:{'|'.join(map(re.escape, FORMATS['hdf5'].extensions))})):(.+)", re.IGNORECASE)
OTHERS = {
    b"MATLAB 5.0": "a MATLAB file of before version 7.3; save it with '-v7.3'",
    b"CDF": "netCDF-3; convert it to netCDF-4 (nccopy -k nc4)",
    b"\x0e\x03\x13\x01": "HDF4; convert it to HDF5 (h4toh5)",
}
"""How files begin that have the extension of HDF5 and are something else -> what they are, and what to do."""
AXIS_NAMES = set("tczyx")
ITK_VOXELS, ITK_SPACING = "VoxelData", "Spacing"
VIRTUAL = "."
"""How a virtual dataset names its own file."""
DATASET = "/data"
CHUNK_SIDE = 256
LEVEL = 1
"""Of gzip: labels shrink well at any level."""


def split_dataset(path: str | os.PathLike) -> tuple[Path, str | None]:
    """(core.h5, /path/in/file) of core.h5:/path/in/file; (path, None) of any other path."""
    if Path(path).exists():
        return Path(path), None
    named = NAMED.fullmatch(os.fspath(path).replace(os.sep, "/"))
    return (Path(path), None) if named is None else (Path(named[1]), "/" + named[2].strip("/"))


class Hdf5Scan(FileScan):
    """A dataset of grey levels, axes z, y, x unless it says otherwise.

    The voxel size is in its attribute ``element_size_um`` (z, y, x), as Fiji's HDF5 plugin writes it, in ITK's
    ``Spacing`` in millimetres, or in the file's ``voxel_size_xyz`` and ``voxel_unit``, as Mango writes it. Axes are
    named by ilastik's ``axistags`` or by the labels of the dimensions.

    Args:
        path: the file.
        given: name of the dataset in the file, or None for the only one with three axes.

    Raises:
        ScanError: for no or several datasets, colour, several channels or time points, axes in another order, and
            compression that h5py does not know.
    """

    @classmethod
    def opened(cls, path: Path, options: OpenOptions) -> Self:
        return cls(path, options.dataset)

    def _open(self, path: Path) -> Any:
        h5py = optional_library("h5py", path.name, FORMATS["hdf5"].extra)
        with open(path, "rb") as file:
            head = file.read(16)
        for begin, what in OTHERS.items():
            if head.startswith(begin):
                raise ScanError(f"{path.name} is {what}.")
        with suppress(ImportError):  # reads what synchrotrons compress with
            import hdf5plugin  # noqa: F401
        return h5py.File(path, "r")

    def _described(self, path: Path, given: str | None) -> ScanInfo:
        file = self._opened(path)
        self._name = given or _only_dataset(file, path)
        array = _dataset(file, self._name, path)
        spoken = f"{path.name}:{self._name}"
        dtype = grey_dtype(spoken, array.dtype)
        _refuse_unreadable(array, spoken, path)
        axes = find_volume_axes(spoken, array.shape, _axis_names(array))
        size = _voxel_size(array, axes)
        affine = np.eye(4) if size is None else np.diag([*reversed(size), 1.0])
        self._layers = ChunkLayers(axes, dtype, axes.of(array.chunks, 1)[0] if array.chunks else 1)
        layout = {"dataset": self._name, "unit": None if size is None else "um"}
        return ScanInfo(path, "hdf5", axes.shape, dtype, size, affine, layout)

    def _read(self, start: int, stop: int) -> np.ndarray:
        return self._layers.read(self._opened(self.info.path)[self._name], start, stop)

    def close(self) -> None:
        super().close()
        if hasattr(self, "_layers"):
            self._layers.forget()

    def __getstate__(self) -> dict[str, Any]:
        self._layers.forget()
        return super().__getstate__()


def _dataset(file: Any, name: str, path: Path) -> Any:
    try:
        found = file[name]
    except KeyError:
        found = None
    if found is None or not hasattr(found, "chunks"):
        names = ", ".join(_datasets(file)) or "none"
        raise ScanError(f"{path.name} has no dataset {name}; its datasets are: {names}.")
    return found


def _datasets(file: Any) -> dict[str, int]:
    """Name -> number of axes longer than 1."""
    found = {}

    def note(name: str, node: Any) -> None:
        if hasattr(node, "chunks") and node.shape and node.dtype.kind in "buif" and name[0] != "#":  # MATLAB's own
            found[f"/{name}"] = sum(n > 1 for n in node.shape)

    file.visititems(note)
    return found


def _only_dataset(file: Any, path: Path) -> str:
    found = _datasets(file)
    for axes in (3, 2):
        names = [name for name, count in found.items() if (count >= 3 if axes == 3 else count == 2)]
        if len(names) == 1:
            return names[0]
        if names:
            raise ScanError(
                f"{path.name} holds {len(names)} datasets ({', '.join(names[:5])}); name one of them, as "
                f"{path.name}:{names[0]}."
            )
    raise ScanError(f"{path.name} holds no dataset with three axes; it holds {', '.join(found) or 'nothing'}.")


def _refuse_unreadable(array: Any, spoken: str, path: Path) -> None:
    h5z = optional_library("h5py", path.name, FORMATS["hdf5"].extra).h5z
    if array.is_virtual:
        for source in array.virtual_sources():
            if source.file_name != VIRTUAL and not (path.parent / source.file_name).is_file():
                raise ScanError(
                    f"{spoken} is spread over several files, and {source.file_name} is missing; copy it beside it."
                )
    elif array.id.get_storage_size() == 0:
        raise ScanError(f"{spoken} holds no voxels: nothing was written into it; copy or export it again.")
    settings = array.id.get_create_plist()
    for number in range(settings.get_nfilters()):
        code, _, _, name = settings.get_filter(number)
        if not h5z.filter_avail(code):
            method = name.decode("ascii", "replace") or "filter"
            raise ScanError(
                f"{spoken} is compressed with {method} ({code}), which h5py does not know: pip install hdf5plugin."
            )


def _axis_names(array: Any) -> list[str] | None:
    names = [dimension.label for dimension in array.dims]
    with suppress(KeyError, TypeError, ValueError):
        names = [axis["key"] for axis in json.loads(array.attrs["axistags"])["axes"]]
    names = [str(name).lower() for name in names]
    return names if len(names) == array.ndim and set(names) <= AXIS_NAMES and len(set(names)) == len(names) else None


def _voxel_size(array: Any, axes: VolumeAxes) -> tuple[float, float, float] | None:
    if "element_size_um" in array.attrs:
        sizes, factor = array.attrs["element_size_um"], 1.0
    elif array.name.endswith(f"/{ITK_VOXELS}") and ITK_SPACING in array.parent:
        sizes, factor = array.parent[ITK_SPACING][()][::-1], 1e3  # x first, in millimetres
        if set(np.ravel(sizes)) == {1.0}:
            return None  # what ITK writes when nobody said anything
    elif (unit := known_unit(_text(array.file.attrs.get("voxel_unit")))) and "voxel_size_xyz" in array.file.attrs:
        sizes, factor = array.file.attrs["voxel_size_xyz"][::-1], MICROMETRES[unit]
    else:
        return None
    try:
        sizes = np.ravel(np.asarray(sizes, dtype=float)) * factor
    except (TypeError, ValueError):
        return None
    if sizes.size == len(axes.names):
        sizes = np.asarray(axes.of(sizes.tolist(), float(sizes[-1])), dtype=float)
    if sizes.size != 3 or not np.isfinite(sizes).all() or sizes.min() <= 0:
        return None
    # single precision, as Fiji writes it, turns 2.214 into 2.2139999866
    z, y, x = (float(f"{size:.7g}" if np.float32(size) == size else f"{size:.12g}") for size in sizes)
    return z, y, x


def _text(value: Any) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


class Hdf5Sink(ScanSink):
    """A dataset with the attribute ``element_size_um``; channels are the first axis."""

    def _begin(self) -> None:
        h5py = optional_library("h5py", self.path.name, FORMATS["hdf5"].extra)
        if split_dataset(self.path)[1] is not None:
            raise ScanError(f"{self.path} names a dataset; labels are a file of their own: give the file alone.")
        self._disk = PatientFile(self.partial)
        self._file = h5py.File(self._disk, "w")
        self._dataset()

    def _dataset(self) -> None:
        slice_bytes = self.shape[1] * self.shape[2] * (self.channels or 1) * self.dtype.itemsize
        depth = layer_depth(self.shape[0], slice_bytes)
        chunks = tuple(min(n, most) for n, most in zip(self.shape, (depth, CHUNK_SIDE, CHUNK_SIDE), strict=True))
        front, names = ((), "zyx") if self.channels is None else ((self.channels,), "czyx")
        data = self._file.create_dataset(
            self.like.layout.get("dataset", DATASET),
            (*front, *self.shape),
            self.dtype,
            chunks=((1,) * len(front)) + chunks,
            compression="gzip",
            compression_opts=LEVEL,
        )
        for axis, name in enumerate(names):
            data.dims[axis].label = name
        if self.like.voxel_size_um is not None:
            data.attrs["element_size_um"] = np.asarray(self.like.voxel_size_um, dtype=float)

        def write(first: int, block: np.ndarray) -> None:
            data[..., first : first + block.shape[1], :, :] = block if front else block[0]

        self._layers = LayeredLevels([write], depth, Halver(False))

    def _append(self, slab: np.ndarray) -> None:
        self._layers.append(slab[None] if self.channels is None else slab)
        self._disk.raise_error()

    def _finish(self) -> None:
        self._layers.finish()
        self._close()
        self._disk.raise_error()

    def _discard(self) -> None:
        if hasattr(self, "_file"):
            self._close()

    def _close(self) -> None:
        self._file.close()
        self._disk.close()
