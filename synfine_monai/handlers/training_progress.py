"""One progress bar for a whole training run, in images a second."""

from ignite.engine import Engine, Events
from monai.utils import CommonKeys
from tqdm import tqdm

from synfine_monai.handlers.on_failure import on_failure

__all__ = ["TrainingProgress"]


class TrainingProgress:
    """tqdm bar over all images of a run, with a running mean of the loss.

    Args:
        description: what stands before the bar.
    """

    def __init__(self, description: str) -> None:
        self.description = description

    def attach(self, engine: Engine) -> None:
        """Register on ``engine``."""
        engine.add_event_handler(Events.EPOCH_STARTED, self._open)
        engine.add_event_handler(Events.ITERATION_COMPLETED, self._step)
        engine.add_event_handler(Events.COMPLETED | Events.TERMINATE, self._close)
        on_failure(engine, self._close)
        self.bar: tqdm | None = None

    def _open(self, engine: Engine) -> None:
        if self.bar is None:
            self.total = engine.state.max_epochs * engine.state.epoch_length
            self.loss: float | None = None

    def _step(self, engine: Engine) -> None:
        images = len(engine.state.output[CommonKeys.IMAGE])
        if self.bar is None:
            self.bar = tqdm(
                desc=self.description,
                total=self.total * images,
                initial=(engine.state.iteration - 1) * images,
                unit="image",
            )
        self.bar.update(images)
        if engine.state.iteration % 10 == 0:
            loss = engine.state.output[CommonKeys.LOSS].item()
            self.loss = loss if self.loss is None else 0.8 * self.loss + 0.2 * loss
            self.bar.set_postfix(loss=f"{self.loss:.3f}", refresh=False)

    def _close(self) -> None:
        if self.bar is not None:
            self.bar.close()
            self.bar = None
