"""Writes HDF5: one chunked dataset under the name that the source's has, with its voxel size."""

import numpy as np

from synfine_monai.errors import ScanError
from synfine_monai.scans.base import ScanSink
from synfine_monai.scans.formats.hdf5 import split_dataset
from synfine_monai.scans.formats.pyramid import Halver, LayeredLevels, layer_depth
from synfine_monai.scans.formats.table import FORMATS
from synfine_monai.scans.optional import optional_library
from synfine_monai.scans.patient_file import PatientFile

__all__ = ["Hdf5Sink"]

DATASET = "/data"
CHUNK_SIDE = 256
LEVEL = 1
"""Of gzip: labels shrink well at any level."""


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
