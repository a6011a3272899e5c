"""Checkpoints of a training run, going on from the last one, and the model at its end."""

import hashlib
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch
from ignite.distributed import one_rank_only
from ignite.engine import Engine, Events
from ignite.handlers import Checkpoint, DiskSaver
from torch import nn
from torch.utils.data import Dataset

from synfine_monai.networks import save_model


def signature_of(settings: Mapping[str, Any]) -> str:
    """Short hash of everything that decides a run's result; equal settings may resume each other."""
    return hashlib.sha256(json.dumps(settings, sort_keys=True, default=str).encode()).hexdigest()[:16]


class Resume:
    """Save everything that a run needs to go on, every ``interval`` epochs, and load it when the run starts again.

    Args:
        folder: where the checkpoints are kept; only the last one stays.
        to_save: name -> object with ``state_dict``; the engine itself is added as "trainer".
        signature: of the settings (``signature_of``); checkpoints of other settings are left alone.
        interval: epochs between checkpoints, > 0. The last epoch is always saved.

    An interrupted run that resumes sees the same batches, and ends with the same weights, as an undisturbed one.
    """

    def __init__(self, folder: str | Path, to_save: Mapping[str, Any], signature: str, interval: int = 1) -> None:
        self.folder, self.to_save, self.signature, self.interval = Path(folder), dict(to_save), signature, interval

    def attach(self, engine: Engine) -> None:
        """Register on ``engine``."""
        self.to_save["trainer"] = engine
        saver = DiskSaver(str(self.folder), create_dir=True, require_empty=False)
        self.checkpoint = Checkpoint(self.to_save, saver, filename_prefix=self.signature, n_saved=1,
                                     global_step_transform=lambda e, _: e.state.epoch)  # fmt: skip
        engine.add_event_handler(Events.STARTED, self._load)
        every = Events.EPOCH_COMPLETED(every=self.interval) | Events.COMPLETED
        engine.add_event_handler(every, self._save)

    @one_rank_only()  # the others would remove, as stale, what the first is about to
    def _save(self, engine: Engine) -> None:
        self.checkpoint(engine)
        last = Path(self.checkpoint.last_checkpoint).name
        for stale in self.folder.glob(f"{self.signature}_*.pt"):
            if stale.name != last:
                stale.unlink(missing_ok=True)  # another process of the same run may have been first

    def _load(self, engine: Engine) -> None:
        files = sorted(self.folder.glob(f"{self.signature}_*.pt"), key=lambda p: int(p.stem.rpartition("_")[2]))
        if not files:
            return
        content = torch.load(files[-1], map_location="cpu", weights_only=True)
        Checkpoint.load_objects(self.to_save, content)
        engine.logger.info(f"Going on after epoch {engine.state.epoch} of {engine.state.max_epochs}.")


class SaveModel:
    """Write ``model.pt`` and ``model.json`` at the end of a run, never before: a file that is there is whole.

    Args:
        network: what to save (the averaged network, say).
        info: content of ``model.json``.
        path: where ``model.pt`` goes.
        half: store the weights in half precision, for shipping.
        measured: further entries of ``model.json`` that are known at the end only: name -> function of the network.
    """

    def __init__(
        self,
        network: nn.Module,
        info: Mapping[str, Any],
        path: str | Path,
        half: bool = False,
        measured: Mapping[str, Callable[[nn.Module], Any]] | None = None,
    ) -> None:
        self.network, self.info, self.path, self.half = network, info, path, half
        self.measured = measured or {}

    def attach(self, engine: Engine) -> None:
        """Register on ``engine``."""
        engine.add_event_handler(Events.COMPLETED, self)

    def __call__(self, engine: Engine) -> None:
        measured = {name: measure(self.network) for name, measure in self.measured.items()}
        save_model(self.network, {**self.info, **measured}, self.path, self.half)


class SetEpoch:
    """Ignite handler that sets ``dataset.epoch`` when an epoch starts, so that a resumed run sees the same batches.

    Args:
        dataset: has an attribute ``epoch``; it must be read in the trainer's own process (no loader workers).
    """

    def __init__(self, dataset: Dataset) -> None:
        self.dataset = dataset

    def attach(self, engine: Engine) -> None:
        """Register on ``engine``."""
        engine.add_event_handler(Events.EPOCH_STARTED, self)

    def __call__(self, engine: Engine) -> None:
        self.dataset.epoch = engine.state.epoch
