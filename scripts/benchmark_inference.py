"""Time whole-scan inference against what it is made of and what a MONAI user would write, side by side in one run.

Usage: python scripts/benchmark_inference.py [--depth 96] [--side 512] [--rounds 3] [--engine auto] [--skip monai ...]

Every contender has a process of its own in every round, so that its peak of memory is its own; rounds go through all of
them, so that a busy machine hits them alike. All see the same noise with the shipped network:

  inference   the bundle's verb: reads, finds the core, normalises, segments, writes labels and porosity
  passes      its network's bare forward passes, same engine, over ready tensors of as many whole slices
  eager       the same in plain PyTorch: float32, no folded batch norm, default memory format
  monai       MONAI's LoadImage, NormalizeIntensity, SliceInferer, argmax and SaveImage: the volume as a whole
  monai_bf16  the same under bfloat16 autocast

"inference" counts from opening the scan to the last label; the choice of the engine is told on its own.
"""

import argparse
import statistics
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from monai.bundle import ConfigWorkflow
from monai.inferers import SliceInferer
from monai.transforms import AsDiscrete, Compose, EnsureChannelFirst, LoadImage, NormalizeIntensity, SaveImage
from own_process import Clock, Cost, in_own_process

from synfine_monai.experiments import markdown_table
from synfine_monai.inferers import PIXELS_PER_PASS
from synfine_monai.networks import load_network
from synfine_monai.scans import create_scan, new_scan_info

BUNDLE = Path(__file__).resolve().parents[1] / "bundles" / "rock_ct_segmentation"
CONFIG, WEIGHTS = BUNDLE / "configs" / "inference.yaml", BUNDLE / "models" / "model.pt"
CONTENDERS = ("inference", "passes", "eager", "monai", "monai_bf16")


def write_noise(path: Path, depth: int, side: int) -> None:
    """A NIfTI file of noise, uint16, (depth, side, side)."""
    rng = np.random.default_rng(0)
    with create_scan(path, new_scan_info(path, (depth, side, side), np.uint16, 5.0), np.uint16) as sink:
        for _ in range(depth):
            sink.write(rng.normal(20_000, 2_000, (1, side, side)).astype(np.uint16))


def prepared(scan: Path, engine: str) -> ConfigWorkflow:
    """The bundle's inference of a scan, ready to open it."""
    return ConfigWorkflow(
        str(CONFIG), meta_file=None, workflow_type="infer", scan=str(scan), engine=engine, output_dir=str(scan.parent)
    )


def inference(scan: Path, shape: Sequence[int], threads: int, engine: str) -> tuple[Clock, Any]:
    """The bundle's verb."""
    torch.set_num_threads(threads)
    workflow = prepared(scan, engine)
    with Clock() as choosing:
        workflow.initialize()
        evaluator = workflow.evaluator
    with Clock() as clock:
        evaluator.run()
    return clock, choosing.wall


def passes(scan: Path, shape: Sequence[int], threads: int, engine: str) -> Clock:
    """Bare forward passes of the verb's network."""
    torch.set_num_threads(threads)
    workflow = prepared(scan, engine)
    workflow.initialize()
    evaluator = workflow.evaluator
    return forward(evaluator.network, shape, evaluator.state.device)


def eager(scan: Path, shape: Sequence[int], threads: int, engine: str) -> Clock:
    """Bare forward passes of plain PyTorch."""
    torch.set_num_threads(threads)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    return forward(load_network(WEIGHTS).eval().to(device), shape, device)


@torch.inference_mode()
def forward(network: torch.nn.Module, shape: Sequence[int], device: torch.device) -> Clock:
    """Passes over ready tensors, in batches of whole slices as large as inference makes them."""
    batch = max(1, PIXELS_PER_PASS[device.type] // (shape[1] * shape[2]))
    images = torch.randn(shape[0], 1, *shape[1:], device=device).split(batch)
    network(images[0])  # the verb's engine has run before, too
    with Clock() as clock:
        for image in images:
            last = network(image)
        last.cpu()  # waits for the device
    return clock


def monai(scan: Path, shape: Sequence[int], threads: int, engine: str) -> Clock:
    """What MONAI's documentation would have one write."""
    return slice_inferer(scan, shape, threads, low=False)


def monai_bf16(scan: Path, shape: Sequence[int], threads: int, engine: str) -> Clock:
    """The same in bfloat16."""
    return slice_inferer(scan, shape, threads, low=True)


@torch.inference_mode()
def slice_inferer(scan: Path, shape: Sequence[int], threads: int, low: bool) -> Clock:
    """Load, normalise, segment slice by slice, save, all with MONAI."""
    torch.set_num_threads(threads)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    network = load_network(WEIGHTS).eval().to(device)
    read = Compose([LoadImage(image_only=True), EnsureChannelFirst(), NormalizeIntensity()])
    infer = SliceInferer(roi_size=tuple(shape[1:]), sw_batch_size=1, spatial_dim=2, device="cpu", sw_device=device)
    save = SaveImage(output_dir=scan.parent / "monai", output_dtype=np.uint8, print_log=False, separate_folder=False)
    with Clock() as clock:
        volume = read(scan)[None]
        with torch.autocast(device.type, torch.bfloat16, enabled=low):
            logits = infer(volume, network)
        save(AsDiscrete(argmax=True)(logits[0]))
    return clock


def row(name: str, costs: Sequence[Cost], voxels: float, ours: Sequence[Cost]) -> list[str]:
    """A contender's line: medians, and the median over rounds of how much longer it takes than inference."""
    wall, processor = (statistics.median(getattr(cost, key) for cost in costs) for key in ("wall", "processor"))
    ratio = statistics.median(cost.wall / own.wall for cost, own in zip(costs, ours, strict=True))
    work = statistics.median(cost.processor / own.processor for cost, own in zip(costs, ours, strict=True))
    peak = max(cost.peak_gb for cost in costs)
    return [name, f"{voxels / wall:.2f}", f"{voxels / processor:.2f}", f"{ratio:.2f}", f"{work:.2f}", f"{peak:.2f}"]


def main() -> None:
    """Print a table of the contenders."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--depth", type=int, default=96, help="slices of the scan")
    parser.add_argument("--side", type=int, default=512, help="rows and columns of a slice")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--engine", default="auto", help="of inference and passes")
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--skip", nargs="*", default=[], choices=CONTENDERS[1:], help="contenders to leave out")
    given = parser.parse_args()
    shape = (given.depth, given.side, given.side)
    names = [name for name in CONTENDERS if name not in given.skip]
    costs: dict[str, list[Cost]] = {name: [] for name in names}
    for _ in range(given.rounds):
        for name in names:
            with tempfile.TemporaryDirectory() as folder:
                scan = Path(folder) / "noise.nii"
                write_noise(scan, given.depth, given.side)
                costs[name].append(in_own_process(globals()[name], scan, shape, given.threads, given.engine))
    print(
        f"{given.depth} slices of {given.side}×{given.side} voxels, {given.threads} threads, "
        f"{'cuda' if torch.cuda.is_available() else 'cpu'}, median of {given.rounds} rounds; opening the scan and "
        f"choosing the engine took {statistics.median(cost.result for cost in costs['inference']):.1f} s.\n"
    )
    head = ["", "Mvoxel/s", "of processor time", "time, inference = 1", "processor time", "peak memory, GB"]
    voxels = np.prod(shape) / 1e6
    print(markdown_table(head, [row(name, costs[name], voxels, costs["inference"]) for name in names]))


if __name__ == "__main__":
    main()
