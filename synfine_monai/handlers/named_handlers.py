"""Handlers by name, so that a configuration that is merged over another can change one of them."""

from collections.abc import Mapping
from typing import Any

from ignite.engine import Engine


class NamedHandlers:
    """Attach handlers in the order of their mapping.

    MONAI wants a list under ``train#handlers``, whose entries have numbers only; this one entry gives names to many.

    Args:
        handlers: name -> handler with an ``attach``; None for one that is disabled.
    """

    def __init__(self, handlers: Mapping[str, Any]) -> None:
        self.handlers = {name: handler for name, handler in handlers.items() if handler is not None}

    def attach(self, engine: Engine) -> None:
        """Attach all of them."""
        for handler in self.handlers.values():
            handler.attach(engine)
