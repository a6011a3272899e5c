"""Segment one scan too large for memory from several formats: time, peak memory, and whether the labels are the same.

Usage: python scripts/benchmark_large_scan.py --like ../shared/data/berea/scan.tif [--depth 96] [--side 1024]
       [--formats .tif folder .nii .nii.gz .raw .ome.zarr] [--engine auto] [--folder /scratch] [--forward]

The scan is a round core, made by tiling the middle of another one and adding noise, slice by slice: no two tiles are
alike: 1,024³ voxels of 16 bits are 2 GB. It is written in each format in turn, segmented in a process of its own by
the bundle's inference with the shipped weights, and removed. --forward adds the network's bare passes, for the ratio.
"""

import argparse
import hashlib
import shutil
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from benchmark_inference import BUNDLE, passes
from own_process import Clock, Cost, in_own_process
from tqdm import trange

from synfine_monai.bundle import run_verb
from synfine_monai.experiments import markdown_table
from synfine_monai.inferers import MEASURED_VOXELS
from synfine_monai.scans import Scan, create_scan, labels_path, new_scan_info, open_scan

FORMATS = (".tif", "folder", ".nii", ".nii.gz", ".raw", ".ome.zarr")
NOISE = 0.05
"""Of the scan's own standard deviation: little enough to leave its phases as they are."""

MARGIN = 0.15
"""Share of a slice that is cut off on each side: the rest lies within a round core."""


def large_name(extension: str, shape: tuple[int, int, int]) -> str:
    """A raw file says its sizes, x first, in its name; a folder has no extension."""
    if extension == ".raw":
        return "large_{2}x{1}x{0}_uint16.raw".format(*shape)
    return "large" if extension == "folder" else f"large{extension}"


def middle_of(source: Scan, z: int) -> np.ndarray:
    """The square of a slice that lies within a round core."""
    image = source.read(z % source.shape[0], z % source.shape[0] + 1)[0]
    top, left = (round(MARGIN * size) for size in image.shape)
    return image[top : image.shape[0] - top, left : image.shape[1] - left]


def write_large(path: Path, like: Path, shape: tuple[int, int, int]) -> None:
    """Tile the middle of ``like`` to a round core of ``shape`` (D, H, W), uint16, each slice with noise of its own."""
    rows, columns = np.ogrid[-1 : 1 : shape[1] * 1j, -1 : 1 : shape[2] * 1j]
    core = rows**2 + columns**2 < 1
    with open_scan(like) as source:
        repeats = [-(-size // own) for size, own in zip(shape[1:], middle_of(source, 0).shape, strict=True)]
        spread = NOISE * middle_of(source, 0).std()
        info = new_scan_info(path, shape, np.uint16, source.voxel_size_um)
        info = replace(info, layout={**info.layout, "bigtiff": True})  # as a scan of this kind would be
        with create_scan(path, info, np.uint16) as sink:
            for z in trange(shape[0], desc=f"Writing {path.name}", unit="slice"):
                image = np.tile(middle_of(source, z), repeats)[: shape[1], : shape[2]]
                image = image + spread * np.random.default_rng(z).standard_normal(image.shape)
                sink.write(np.where(core, image.clip(1, 65535).round(), 0).astype(np.uint16)[None])


def segment(scan: Path, output_dir: Path, threads: int, engine: str) -> Clock:
    """The bundle's inference, from opening the scan to its porosity."""
    torch.set_num_threads(threads)
    with Clock() as clock:
        run_verb(BUNDLE / "configs" / "inference.yaml", scan=str(scan), output_dir=str(output_dir), engine=engine)
    return clock


def label_hash(scan: Path, output_dir: Path) -> str:
    """Hash of the labels' voxels, whatever their format."""
    hashed = hashlib.sha256()
    with open_scan(scan) as source, open_scan(labels_path(source.info, output_dir)) as labels:
        for z in range(labels.shape[0]):
            hashed.update(labels.read(z, z + 1).astype(np.uint8).tobytes())
    return hashed.hexdigest()[:12]


def measured(extension: str, given: argparse.Namespace) -> tuple[Cost, str]:
    """Write, segment and remove the scan in one format."""
    folder = Path(tempfile.mkdtemp(dir=given.folder))
    shape = (given.depth, given.side, given.side)
    try:
        scan = folder / large_name(extension, shape)
        write_large(scan, given.like, shape)
        cost = in_own_process(segment, scan, folder / "out", given.threads, given.engine)
        return cost, label_hash(scan, folder / "out")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def bare(given: argparse.Namespace) -> Cost:
    """The network's passes alone, over as many slices as fit in memory; seconds are those of all slices."""
    shape = (min(given.depth, max(16, -(-MEASURED_VOXELS // given.side**2))), given.side, given.side)
    with tempfile.TemporaryDirectory(dir=given.folder) as folder:
        small = Path(folder) / "large.nii"
        write_large(small, given.like, shape)
        cost = in_own_process(passes, small, shape, given.threads, given.engine)
    return replace(cost, wall=cost.wall * given.depth / shape[0])


def row(name: str, cost: Cost, voxels: float, found: str) -> list[str]:
    """A line of the table."""
    return [name, f"{cost.wall:.0f}", f"{voxels / cost.wall:.2f}", f"{cost.peak_gb:.2f}", found]


def main() -> None:
    """Print a table of the formats."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--like", type=Path, required=True, help="scan to tile")
    parser.add_argument("--depth", type=int, default=96, help="slices of the large scan")
    parser.add_argument("--side", type=int, default=1024, help="rows and columns of a slice")
    parser.add_argument("--formats", nargs="*", default=list(FORMATS), choices=FORMATS)
    parser.add_argument("--engine", default="auto")
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--folder", default=None, help="where there is room for the scan; default: the system's")
    parser.add_argument("--forward", action="store_true", help="the network's bare passes as well")
    given = parser.parse_args()
    voxels = given.depth * given.side**2 / 1e6
    found: dict[str, Any] = {extension: measured(extension, given) for extension in given.formats}
    body = [row(extension, cost, voxels, labels) for extension, (cost, labels) in found.items()]
    if given.forward:
        body.append(row("bare passes", bare(given), voxels, ""))
    print(markdown_table(["format", "seconds", "Mvoxel/s", "peak memory, GB", "labels"], body))
    same = len({labels for _, labels in found.values()}) == 1
    print("The labels are the same in all formats." if same else "THE LABELS DIFFER between formats.")
    raise SystemExit(0 if same else 1)


if __name__ == "__main__":
    main()
