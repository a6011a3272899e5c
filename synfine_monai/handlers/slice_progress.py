"""A progress bar over the slices of a scan."""

from ignite.engine import Engine, Events
from tqdm import tqdm

from synfine_monai.handlers.on_failure import on_failure

__all__ = ["SliceProgress"]


class SliceProgress:
    """tqdm bar in slices and slices per second, whatever the slabs that the engine works in.

    Args:
        slices: of the whole scan.
        key: entry of the engine's output whose third axis from the end counts slices.
        description: what stands before the bar.
        done: slices that an earlier run did.
    """

    def __init__(self, slices: int, key: str = "labels", description: str = "Segmenting", done: int = 0) -> None:
        self.slices, self.key, self.description, self.done = slices, key, description, done
        self.bar: tqdm | None = None

    def attach(self, engine: Engine) -> None:
        """Register on ``engine``."""
        engine.add_event_handler(Events.STARTED, self._open)
        engine.add_event_handler(Events.ITERATION_COMPLETED, self._step)
        engine.add_event_handler(Events.COMPLETED, lambda _: self._close())
        on_failure(engine, self._close)

    def _open(self, engine: Engine) -> None:
        self.bar = tqdm(desc=self.description, total=self.slices, initial=self.done, unit="slice")

    def _step(self, engine: Engine) -> None:
        self.bar.update(sum(output[self.key].shape[-3] for output in engine.state.output))

    def _close(self) -> None:
        if self.bar is not None:
            self.bar.close()
