"""Time a training step of each word of --tune against one that trains everything: frozen prefixes do no backward work.

Usage: python scripts/benchmark_surgery.py [BATCH] [ROUNDS]
"""

import statistics
import sys
import time

import torch

from synfine_monai.losses import MaskedDiceCELoss
from synfine_monai.networks import SEQUENTIAL, TRANSVERSAL, RockUNet
from synfine_monai.surgery import apply_plan, freeze_batch_norm, tuning_plan


def step_seconds(tune: str, image: torch.Tensor, target: torch.Tensor) -> float:
    """Processor seconds (which a busy machine disturbs least) of the second of two training steps of ``tune``."""
    network, loss_function = RockUNet(), MaskedDiceCELoss()
    freeze_batch_norm(network)
    optimizer = torch.optim.Adam(apply_plan(network, tuning_plan(tune, network), 3e-4))
    for _ in range(2):
        start = time.process_time()
        optimizer.zero_grad()
        loss_function(network(image), target).backward()
        optimizer.step()
    return time.process_time() - start


def main(batch: int = 8, rounds: int = 5) -> None:
    """Print the median share of an ``all`` step; rounds interleave the words, so that a busy machine hits all alike."""
    generator = torch.Generator().manual_seed(0)
    image = torch.randn(batch, 1, 64, 64, generator=generator)
    target = (image > 0).to(torch.uint8)
    ratios: dict[str, list[float]] = {tune: [] for tune in (*SEQUENTIAL, *TRANSVERSAL)}
    for _ in range(rounds):
        whole = step_seconds("all", image, target)
        for tune, values in ratios.items():
            values.append(step_seconds(tune, image, target) / whole)
    print(f"{'tune':<8} step / step of all (batch {batch}, median of {rounds})")
    for tune, values in ratios.items():
        print(f"{tune:<8} {statistics.median(values):.2f}")


if __name__ == "__main__":
    main(*(int(value) for value in sys.argv[1:]))
