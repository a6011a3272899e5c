"""Scans in every format that is written."""

from pathlib import Path

import numpy as np

from synfine_monai.scans import ScanInfo, create_scan, new_scan_info, open_scan

SHAPE = (5, 7, 6)
NAMES = [
    "core.tif",
    "core.tiff",
    "core.ome.tif",
    "core.nii",
    "core.nii.gz",
    "core.nrrd",
    "core.mha",
    "core.mhd",
    "core.zarr",
    "core.ome.zarr",
    "core.h5",
    "core_6x7x5_uint16.raw",
    "core",
]
RNG = np.random.default_rng(7)
VOLUME = RNG.integers(0, 65_536, SHAPE, dtype=np.uint16)
LABELS = (VOLUME % 3).astype(np.uint8)


def written(path: Path, volume: np.ndarray = VOLUME, voxel_size_um=(7.5, 6.0, 6.25)) -> ScanInfo:
    """A scan written in two slabs, as the package itself describes it."""
    like = new_scan_info(path, volume.shape, volume.dtype, voxel_size_um)
    with create_scan(path, like, volume.dtype) as sink:
        sink.write(volume[:2])
        sink.write(volume[2:])
    with open_scan(path, voxel_size_um=voxel_size_um if path.suffix == ".raw" else None) as scan:
        return scan.info
