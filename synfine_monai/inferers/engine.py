"""Engines: by what, and in which precision, a network is run."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import nn

from synfine_monai.errors import ScanError
from synfine_monai.inferers.engine_compile import CompiledNetwork
from synfine_monai.inferers.engine_openvino import OpenVinoNetwork, openvino_library
from synfine_monai.inferers.mixed_precision import MixedPrecisionInferer
from synfine_monai.inferers.slice_windows import WINDOW

__all__ = ["EAGER_FLOAT32", "ENGINES", "Engine", "EngineNetwork", "check_engine", "engine_network"]

ENGINES: dict[str, Callable[[nn.Module], nn.Module]] = {
    "eager": lambda network: network,
    "openvino": OpenVinoNetwork,
    "compile": CompiledNetwork,
}
"""Name -> what makes a network from a network. None has onnxruntime: it is slower than openvino wherever both run."""

WINDOWS = {"openvino": 1152}
"""Side of the windows that an engine runs best, where it is not ``WINDOW``: wider ones overlap less."""


@dataclass(frozen=True)
class Engine:
    """What decides the last bits of logits, and so a few labels in ten thousand.

    Attributes:
        name: of ``ENGINES``.
        precision: "float32" or "bfloat16".
    """

    name: str
    precision: str

    def __str__(self) -> str:
        return f"{self.name} in {self.precision}"


EAGER_FLOAT32 = Engine("eager", "float32")


class EngineNetwork(nn.Module):
    """A network that an engine runs in a precision of its own, whatever the autocast around it.

    Args:
        network: in eval mode.
        engine: what runs it.

    Attributes:
        window: side of the windows that ``SliceWindowInferer`` makes for it, in pixels.

    Shapes:
        image (B, C, H, W) float32 -> as the network's, float32.

    Raises:
        ScanError: if the engine's library is not installed; by a call, if the engine cannot run here.
    """

    def __init__(self, network: nn.Module, engine: Engine) -> None:
        super().__init__()
        self.window = WINDOWS.get(engine.name, WINDOW)
        self.network, self.call = ENGINES[engine.name](network), MixedPrecisionInferer(precision=engine.precision)

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        """Logits."""
        return self.call(image, self.network)


def engine_network(network: nn.Module, engine: Engine) -> nn.Module:
    """A network as an ``EngineNetwork``; of a ``ModuleList``, an ensemble, each member."""
    if isinstance(network, nn.ModuleList):
        return nn.ModuleList([EngineNetwork(member, engine) for member in network])
    return EngineNetwork(network, engine)


def check_engine(name: str, device: str | torch.device) -> None:
    """Refuse an engine that this machine does not have.

    Args:
        name: of ``ENGINES``, or "auto".
        device: that the network is to run on.

    Raises:
        ScanError: if it is unknown, its library is not installed, or it does not run on the device.
    """
    if name not in (*ENGINES, "auto"):
        raise ScanError(f"--engine takes auto, {', '.join(ENGINES)}, got '{name}'.")
    if name == "openvino":
        if torch.device(device).type != "cpu":
            raise ScanError(f"engine openvino runs on the CPU only, not on {device}: use --device cpu, or leave "
                            "--engine out.")  # fmt: skip
        openvino_library()
