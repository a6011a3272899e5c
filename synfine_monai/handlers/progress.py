"""Progress bars over a training run and over the slices of a scan, which close when a run fails."""

from collections.abc import Callable

from ignite.engine import Engine, Events
from monai.utils import CommonKeys
from tqdm import tqdm


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


def on_failure(engine: Engine, clean_up: Callable[[], None]) -> None:
    """Call ``clean_up`` when a run of ``engine`` ends by an exception, which is raised after all have cleaned up.

    Ignite swallows an exception as soon as anything listens to ``EXCEPTION_RAISED``, unless a listener raises it again;
    but the first that does keeps all others from being called. It also fires the event twice for one exception, so
    ``clean_up`` must bear to be called again.
    """
    if engine.has_event_handler(_raise, Events.EXCEPTION_RAISED):
        engine.remove_event_handler(_raise, Events.EXCEPTION_RAISED)
    engine.add_event_handler(Events.EXCEPTION_RAISED, lambda _engine, _error: clean_up())
    engine.add_event_handler(Events.EXCEPTION_RAISED, _raise)


def _raise(engine: Engine, error: BaseException) -> None:
    raise error
