"""The generator's training and sampling against bare PyTorch loops over the same network, as ratios of one run.

    python scripts/benchmark_diffusion.py [--steps 10] [--rounds 5] [--patches 64] [--sampling_steps 10]

Both sides take turns, round by round, in one process. Training: a step of the bundle draws, turns and diffuses the
batch, leaves out conditions, averages weights and writes events; the bare loop is handed noisy batches. Sampling: the
bare loop calls the network as often, and does nothing between the calls.
"""

import argparse
import tempfile
from collections.abc import Callable, Sequence
from copy import deepcopy
from functools import partial
from pathlib import Path

import torch
from benchmark_training import Rounds, report, timed
from monai.bundle import ConfigWorkflow
from monai.networks.schedulers import DDIMScheduler

from synfine_monai.inferers import MixedPrecisionInferer, StyledDiffusionInferer
from synfine_monai.networks import StyledDenoiser

CONFIGS = Path(__file__).resolve().parents[1] / "bundles" / "rock_ct_generation" / "configs"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=10, help="training steps a round")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--patches", type=int, default=64, help="patches sampled a round")
    parser.add_argument("--sampling_steps", type=int, default=10)
    options = parser.parse_args()
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    report("training", "steps/s", options.steps, training_rounds(options, device))
    report("sampling", "patches/s", options.patches, sampling_rounds(options, device))


def training_rounds(options: argparse.Namespace, device: torch.device) -> list[tuple[float, float]]:
    """Seconds of the trainer's epochs, and of as many bare steps after each."""
    with tempfile.TemporaryDirectory() as folder:
        numbers = {"pairs": 512, "styles": 8, "epochs": options.rounds + 1, "steps_per_epoch": options.steps}
        workflow = ConfigWorkflow(
            str(CONFIGS / "train.yaml"), logging_file=False, workflow_type="train", output_dir=folder, **numbers
        )
        workflow.initialize()
        part = workflow.parser.get_parsed_content
        bare = BareLoop(deepcopy(part("network")), part("train#dataset"), part("train#trainer").prepare_batch, device)
        rounds = Rounds(partial(bare.run, options.steps), device)
        rounds.attach(workflow.trainer)
        workflow.run()
    return rounds.seconds


class BareLoop:
    """Adam on batches that were diffused beforehand."""

    def __init__(self, network: StyledDenoiser, dataset: Sequence, prepare: Callable, device: torch.device) -> None:
        self.network, self.device, self.call = network, device, MixedPrecisionInferer()
        self.optimizer = torch.optim.Adam(network.parameters(), 1e-3)
        self.batches = [prepare(dataset[index], device) for index in range(4)]

    def run(self, steps: int) -> None:
        """Do some steps."""
        for step in range(steps):
            noisy, target, _, given = self.batches[step % len(self.batches)]
            self.optimizer.zero_grad()
            torch.nn.functional.mse_loss(self.call(noisy, self.network, **given), target).backward()
            self.optimizer.step()


def sampling_rounds(options: argparse.Namespace, device: torch.device) -> list[tuple[float, float]]:
    """Seconds of sampling, and of the network's passes alone."""
    network = StyledDenoiser().to(device, memory_format=torch.channels_last).eval()
    scheduler = DDIMScheduler(schedule="cosine", prediction_type="v_prediction", clip_sample=False)
    inferer = StyledDiffusionInferer(scheduler, options.sampling_steps, batch_size=options.patches)
    noise = torch.randn(options.patches, 1, 64, 64)
    mask, levels = torch.zeros(noise.shape, dtype=torch.uint8), torch.full((options.patches,), 500)
    given = [tensor.to(device) for tensor in (noise, levels, mask)]
    call = MixedPrecisionInferer()

    @torch.no_grad()
    def bare() -> None:
        for _ in range(options.sampling_steps):
            call(given[0], network, given[1], given[2])

    return [
        (timed(lambda: inferer(noise, network, mask), device), timed(bare, device)) for _ in range(options.rounds + 1)
    ]


if __name__ == "__main__":
    main()
