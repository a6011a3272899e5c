"""Time whole-scan inference through the bundle against bare forward passes of the same network, in one run.

Usage: python scripts/benchmark_inference.py [--depth 96] [--side 512] [--rounds 3] [--precision auto] [--config FILE]

Inference reads, normalises, segments and writes a TIFF of noise by the bundle's verb; opening it and finding its field
of view and statistics, on at most 32 slices, comes before. The bare passes see as many voxels as ready tensors, whole
slices in batches as large as the inferer's, with the same weights, precision and memory format. The processors' time
tells more than the wall clock where other programs run. The porosity's figure costs about half a second a scan.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from monai.bundle import ConfigWorkflow
from monai.engines import Evaluator

from synfine_monai.data.scan import create_scan, new_scan_info
from synfine_monai.inferers.mixed_precision import MixedPrecisionInferer
from synfine_monai.inferers.slice_windows import PIXELS_PER_PASS
from synfine_monai.networks.model_file import FORMAT_VERSION, architecture_of, save_model
from synfine_monai.networks.rock_unet import RockUNet

CONFIG = Path(__file__).resolve().parents[1] / "bundles" / "rock_ct_segmentation" / "configs" / "inference.yaml"
INFO = {"format_version": FORMAT_VERSION, "labels": ["solid", "pore"], "phases": [["matrix"], ["pore"]],
        "pore_labels": [1], "normalisation": "zscore"}


def write_noise(path: Path, depth: int, side: int) -> None:
    """A TIFF of noise, uint16, (depth, side, side)."""
    rng = np.random.default_rng(0)
    with create_scan(path, new_scan_info(path, (depth, side, side), np.uint16), np.uint16) as sink:
        for _ in range(depth):
            sink.write(rng.normal(20_000, 2_000, (1, side, side)).astype(np.uint16))


def prepare(scan: Path, checkpoint: Path, config: Path, precision: str) -> Evaluator:
    """The bundle's evaluator for a scan."""
    workflow = ConfigWorkflow(str(config), meta_file=None, workflow_type="infer", scan=str(scan), precision=precision,
                              checkpoint=str(checkpoint), output_dir=str(scan.parent / "out"))
    workflow.initialize()
    return workflow.evaluator


@torch.inference_mode()
def forward(network: torch.nn.Module, images: list[torch.Tensor], precision: str) -> None:
    """Bare forward passes."""
    inferer = MixedPrecisionInferer(precision=precision)
    for image in images:
        last = inferer(image, network)
    last.cpu()  # waits for the device


def seconds(work: Callable[[], Any]) -> tuple[float, float]:
    """Seconds on the wall clock, and of all processors together."""
    wall, processor = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - wall, time.process_time() - processor


def main() -> None:
    """Print voxels per second and the ratio; rounds interleave both, so that a busy machine hits them alike."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--depth", type=int, default=96, help="slices of the scan")
    parser.add_argument("--side", type=int, default=512, help="rows and columns of a slice")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--precision", default="auto", choices=["auto", "float32", "bfloat16"])
    parser.add_argument("--config", type=Path, default=CONFIG, help="the bundle's inference.yaml")
    given = parser.parse_args()
    torch.manual_seed(0)
    network, slice_voxels = RockUNet(), given.side**2
    inference, bare = [], []
    with tempfile.TemporaryDirectory() as folder:
        scan, checkpoint = Path(folder) / "noise.tif", Path(folder) / "model.pt"
        write_noise(scan, given.depth, given.side)
        save_model(network, {**INFO, "architecture": architecture_of(network)}, checkpoint)
        for _ in range(given.rounds):
            evaluator = prepare(scan, checkpoint, given.config, given.precision)
            device = evaluator.state.device
            batch = max(1, PIXELS_PER_PASS[device.type] // slice_voxels)
            images = torch.randn(given.depth, 1, given.side, given.side, device=device).split(batch)
            inference.append(seconds(evaluator.run))
            bare.append(seconds(partial(forward, evaluator.network, images, given.precision)))
    print(f"{given.depth} slices of {given.side}×{given.side} voxels, {torch.get_num_threads()} threads, {device}, "
          f"median of {given.rounds} rounds")
    for clock, name in enumerate(("wall clock", "processor time")):
        ours, theirs = (statistics.median(times[clock] for times in runs) for runs in (inference, bare))
        ratio = statistics.median(b[clock] / i[clock] for b, i in zip(bare, inference, strict=True))
        voxels = given.depth * slice_voxels / 1e6
        print(f"{name:<15} inference {voxels / ours:.2f}, bare {voxels / theirs:.2f} Mvoxel/s: ratio {ratio:.2f}")


if __name__ == "__main__":
    main()
