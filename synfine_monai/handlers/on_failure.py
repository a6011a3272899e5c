"""Clean up when an engine's run fails, and let the error go on."""

from collections.abc import Callable

from ignite.engine import Engine, Events

__all__ = ["on_failure"]


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
