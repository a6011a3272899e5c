"""Training steps a second through the bundle against a bare PyTorch loop, with the same network, loss and batches.

    python scripts/benchmark_training.py [--steps 20] [--rounds 5] [--batch_size 32]

The two take turns, round by round, in one process; what counts is the ratio. The bundle's step includes drawing and
augmenting the batch, the schedule, weight averaging, TensorBoard and the progress bar; the bare loop is handed batches.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from copy import deepcopy
from pathlib import Path

import torch
from ignite.engine import Engine, Events
from monai.bundle import ConfigWorkflow

from synfine_monai.inferers import fast_bfloat16

CONFIGS = Path(__file__).resolve().parents[1] / "bundles" / "rock_ct_segmentation" / "configs"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=20, help="steps a round")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--batch_size", type=int, default=32)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        workflow = _workflow(folder, options)
        rounds = Rounds(BareLoop(workflow, options.steps), torch.device(workflow.parser.get_parsed_content("device")))
        rounds.attach(workflow.trainer)
        workflow.run()
    report("training", "steps/s", options.steps, rounds.seconds)


class Rounds:
    """After every epoch of a trainer, a bare loop of as many steps; both are timed.

    Args:
        bare: the loop.
        device: that both run on.
    """

    def __init__(self, bare: Callable[[], None], device: torch.device) -> None:
        self.bare, self.device, self.seconds = bare, device, []

    def attach(self, engine: Engine) -> None:
        """Register on the trainer."""
        engine.add_event_handler(Events.EPOCH_STARTED, self._start)
        engine.add_event_handler(Events.EPOCH_COMPLETED, self._stop)

    def _start(self, _: Engine) -> None:
        self.began = time.perf_counter()

    def _stop(self, _: Engine) -> None:
        wait(self.device)
        ours = time.perf_counter() - self.began
        self.seconds.append((ours, timed(self.bare, self.device)))


def report(what: str, unit: str, count: int, seconds: Sequence[tuple[float, float]]) -> None:
    """Print both speeds and the ratio, medians over all rounds but the first."""
    ratios = [bare / ours for ours, bare in seconds[1:]]
    ours, bare = (statistics.median(times) for times in zip(*seconds[1:], strict=True))
    spread = f"{statistics.median(ratios):.3f} ({min(ratios):.3f} to {max(ratios):.3f}, {len(ratios)} rounds)"
    print(f"{what}: bundle {count / ours:.2f} {unit}, bare loop {count / bare:.2f} {unit}, ratio {spread}")


def timed(work: Callable[[], object], device: torch.device) -> float:
    """Seconds that ``work`` takes."""
    wait(device)
    began = time.perf_counter()
    work()
    wait(device)
    return time.perf_counter() - began


def wait(device: torch.device) -> None:
    """Let the device finish."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)


class BareLoop:
    """Some steps of Adam on the trainer's own batches."""

    def __init__(self, workflow: ConfigWorkflow, steps: int) -> None:
        part = workflow.parser.get_parsed_content
        self.network, self.loss = deepcopy(part("network")), part("train#loss")
        self.optimizer = torch.optim.Adam(self.network.parameters(), 1e-3)
        dataset = part("train#dataset")
        self.batches = [dataset[i] for i in range(min(4, steps))]
        self.device, self.steps = torch.device(part("device")), steps
        self.low_precision = fast_bfloat16(self.device)

    def __call__(self) -> None:
        self.network.train()
        for step in range(self.steps):
            batch = self.batches[step % len(self.batches)]
            image = batch["image"].to(self.device, memory_format=torch.channels_last)
            label = batch["label"].to(self.device)
            with torch.autocast(self.device.type, torch.bfloat16, enabled=self.low_precision):
                logits = self.network(image)
            self.optimizer.zero_grad()
            self.loss(logits.float(), label).backward()
            self.optimizer.step()


def _workflow(folder: str, options: argparse.Namespace) -> ConfigWorkflow:
    workflow = ConfigWorkflow(
        config_file=str(CONFIGS / "train.yaml"),
        logging_file=False,
        workflow_type="train",
        output_dir=folder,
        pairs=512,
        epochs=options.rounds + 1,
        steps_per_epoch=options.steps,
        batch_size=options.batch_size,
    )
    workflow.initialize()
    return workflow


if __name__ == "__main__":
    main()
