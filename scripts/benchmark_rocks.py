"""Time the generator against PoreSpy's blobs (mask only) of the same voxels, and against a U-Net's training step.

Usage: python scripts/benchmark_rocks.py [ROCK] [ROUNDS]

All run on one thread, and rounds interleave them, so that a busy machine disturbs them alike. A pair is a 64×64 image
with its label. PoreSpy is optional: without it (extra `dev`) its lines are left out.
"""

import os
import statistics
import sys
import time
from collections.abc import Callable

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(variable, "1")

import torch  # noqa: E402

from synfine_monai.conventions import PHASES  # noqa: E402
from synfine_monai.data import SyntheticPatches  # noqa: E402
from synfine_monai.losses import MaskedDiceCELoss  # noqa: E402
from synfine_monai.networks import RockUNet  # noqa: E402

try:
    import porespy
except ImportError:
    porespy = None

SIZES = {"plane sections": (192, 192), "volumes": (48, 96, 96)}
PAIRS, BATCH = 8, 32


def seconds(job: Callable[[int], object], repeats: int) -> float:
    """Processor seconds of this thread for one run of ``job``, after one that is not counted."""
    job(0)
    start = time.thread_time()
    for index in range(1, repeats + 1):
        job(index)
    return (time.thread_time() - start) / repeats


def training_step(bfloat16: bool) -> Callable[[int], None]:
    """A step on a batch of ready pairs, as the trainer takes it on a CPU."""
    network, loss_function = RockUNet().to(memory_format=torch.channels_last), MaskedDiceCELoss()
    optimizer = torch.optim.Adam(network.parameters(), 2e-3)
    image = torch.randn(BATCH, 1, 64, 64)
    target = (image > 0).to(torch.uint8)

    def step(_: int) -> None:
        with torch.autocast("cpu", torch.bfloat16, enabled=bfloat16):
            logits = network(image)
        optimizer.zero_grad()
        loss_function(logits.float(), target).backward()
        optimizer.step()

    return step


def main(rock: str = "sandstone", rounds: int = 5) -> None:
    """Print pairs per second and core, and the ratios."""
    torch.set_num_threads(1)
    classes = {phase: index for index, phase in enumerate(PHASES)}
    rocks = {name: SyntheticPatches(rock, classes, 100, PAIRS, volume_size=size) for name, size in SIZES.items()}
    steps = {"float32": training_step(False), "bfloat16": training_step(True)}
    taken: dict[str, list[float]] = {name: [] for name in (*SIZES, *(f"blobs {n}" for n in SIZES), *steps)}
    for _ in range(rounds):
        for name, size in SIZES.items():
            taken[name].append(seconds(rocks[name].__getitem__, 8 if len(size) == 2 else 2))
            if porespy:
                blobs = lambda index, size=size: porespy.generators.blobs(size, porosity=0.2, seed=index)  # noqa: E731
                taken[f"blobs {name}"].append(seconds(blobs, 8 if len(size) == 2 else 2))
        for name, step in steps.items():
            taken[name].append(seconds(step, 1) / BATCH)
    median = {name: statistics.median(values) for name, values in taken.items() if values}
    eaten = {name: 1 / median[name] for name in steps}
    print(f"rock {rock}, one thread, median of {rounds} rounds")
    for name, rate in eaten.items():
        print(f"training step, {name:<9} eats {rate:6.0f} pairs/s")
    for name, size in SIZES.items():
        made = PAIRS / median[name]
        print(f"{name} of {'×'.join(map(str, size))}: {made:.0f} pairs/s, {PAIRS} from each")
        for step, rate in eaten.items():
            print(f"  {made / rate:.1f} times what training in {step} eats on a core")
        if porespy:
            print(f"  {median[f'blobs {name}'] / median[name]:.2f} of the rate of PoreSpy blobs (mask only)")


if __name__ == "__main__":
    main(*sys.argv[1:2], *map(int, sys.argv[2:3]))
