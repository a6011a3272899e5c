"""Tell a dataset which epoch the trainer is in."""

from ignite.engine import Engine, Events
from torch.utils.data import Dataset

__all__ = ["SetEpoch"]


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
