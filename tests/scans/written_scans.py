"""Scans in every format that is written."""

import subprocess
import sys
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


def saved(path: Path, volume: np.ndarray, voxel_size_um=None) -> Path:
    """A volume (D, H, W) as a scan, in the format of its name and the type it has."""
    with create_scan(path, new_scan_info(path, volume.shape, volume.dtype, voxel_size_um), volume.dtype) as sink:
        sink.write(volume)
    return path


LABELLING = """
import sys
from pathlib import Path
from synfine_monai.scans import create_scan, labels_path, open_scan
with open_scan(sys.argv[1]) as scan, create_scan(labels_path(scan.info, sys.argv[2]), scan.info) as sink:
    for start in range(0, scan.shape[0], 4):
        sink.write(scan.read(start, min(start + 4, scan.shape[0])) > int(sys.argv[3]))
print(Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0])
"""


def peak_of_labelling(path: Path, output_dir: Path, threshold: int) -> int:
    """Bytes at the peak of a process that labels a scan four slices at a time; Linux tells it for one process alone."""
    command = [sys.executable, "-c", LABELLING, path, output_dir, str(threshold)]
    return int(subprocess.run(command, capture_output=True, text=True, check=True).stdout) * 1024
