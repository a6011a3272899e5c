"""Training steps a second through the bundle against a bare PyTorch loop, with the same network, loss and batches.

    python scripts/benchmark_training.py [--steps 20] [--rounds 5] [--batch_size 32]

The two take turns, round by round, in one process; what counts is the ratio. The bundle's step includes drawing and
augmenting the batch, the schedule, weight averaging, TensorBoard and the progress bar; the bare loop is handed batches.
"""

import argparse
import statistics
import tempfile
import time
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
        rounds = Rounds(workflow, options.steps)
        rounds.attach(workflow.trainer)
        workflow.run()
    ratios = [bare / bundle for bundle, bare in rounds.seconds[1:]]
    bundle, bare = (statistics.median(times) for times in zip(*rounds.seconds[1:], strict=True))
    print(
        f"\nbundle {options.steps / bundle:.2f} steps/s, bare loop {options.steps / bare:.2f} steps/s, "
        f"ratio {statistics.median(ratios):.3f} (median of {len(ratios)} rounds; "
        f"{min(ratios):.3f} to {max(ratios):.3f})"
    )


class Rounds:
    """After every epoch of the trainer, as many steps of a bare loop; both are timed."""

    def __init__(self, workflow: ConfigWorkflow, steps: int) -> None:
        part = workflow.parser.get_parsed_content
        self.network, self.loss = deepcopy(part("network")), part("train#loss")
        self.optimizer = torch.optim.Adam(self.network.parameters(), 1e-3)
        dataset = part("train#dataset")
        self.batches = [dataset[i] for i in range(min(4, steps))]
        self.device, self.steps, self.seconds = torch.device(part("device")), steps, []
        self.low_precision = fast_bfloat16(self.device)

    def attach(self, engine: Engine) -> None:
        """Register on the trainer."""
        engine.add_event_handler(Events.EPOCH_STARTED, self._start)
        engine.add_event_handler(Events.EPOCH_COMPLETED, self._stop)

    def _start(self, _: Engine) -> None:
        self.began = time.perf_counter()

    def _stop(self, _: Engine) -> None:
        _wait(self.device)
        bundle = time.perf_counter() - self.began
        began = time.perf_counter()
        self._bare_steps()
        _wait(self.device)
        self.seconds.append((bundle, time.perf_counter() - began))

    def _bare_steps(self) -> None:
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


def _wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)


if __name__ == "__main__":
    main()
