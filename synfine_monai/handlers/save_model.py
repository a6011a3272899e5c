"""Write the trained model when a run is complete."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ignite.engine import Engine, Events
from torch import nn

from synfine_monai.networks import save_model

__all__ = ["SaveModel"]


class SaveModel:
    """Write ``model.pt`` and ``model.json`` at the end of a run, never before: a file that is there is whole.

    Args:
        network: what to save (the averaged network, say).
        info: content of ``model.json``.
        path: where ``model.pt`` goes.
        half: store the weights in half precision, for shipping.
    """

    def __init__(self, network: nn.Module, info: Mapping[str, Any], path: str | Path, half: bool = False) -> None:
        self.network, self.info, self.path, self.half = network, info, path, half

    def attach(self, engine: Engine) -> None:
        """Register on ``engine``."""
        engine.add_event_handler(Events.COMPLETED, self)

    def __call__(self, engine: Engine) -> None:
        save_model(self.network, self.info, self.path, self.half)
