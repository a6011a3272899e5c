"""Engines: by what, and in which precision, a network is run; compiled by torch, or with batch norm folded in."""

from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

import torch
from monai.networks.blocks import Convolution
from torch import nn
from torch._dynamo.exc import TorchDynamoException
from torch.nn.utils.fusion import fuse_conv_bn_eval

from synfine_monai.errors import ScanError
from synfine_monai.inferers.engine_openvino import OpenVinoNetwork, openvino_library
from synfine_monai.inferers.mixed_precision import MixedPrecisionInferer
from synfine_monai.inferers.slice_windows import WINDOW

WINDOWS = {"openvino": 1152}
"""Side of the windows that an engine runs best, where it is not ``WINDOW``: wider ones overlap less."""


class CompiledNetwork(nn.Module):
    """``torch.compile`` of a network, which can be pickled: each process compiles for itself, which takes a minute.

    Precision is that of autocast, as without it. A second size of images is compiled once more, for any size.

    Args:
        network: in eval mode.

    Raises:
        ScanError: by the first call, if nothing can be compiled here.
    """

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network
        self._compiled: Callable[..., torch.Tensor] | None = None

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        """What the network says."""
        if self._compiled is None:
            self._compiled = torch.compile(self.network.forward)
        try:
            return self._compiled(image)
        except TorchDynamoException as problem:
            reason = str(problem).strip().splitlines()[0][:120].rstrip(".:")
            raise ScanError(
                f"engine compile does not work here ({reason}): it needs a C++ compiler, and Triton on a "
                "GPU. Use --engine eager."
            ) from problem

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_compiled": None}


ENGINES: dict[str, Callable[[nn.Module], nn.Module]] = {
    "eager": lambda network: network,
    "openvino": OpenVinoNetwork,
    "compile": CompiledNetwork,
}
"""Name -> what makes a network from a network. None has onnxruntime: it is slower than openvino wherever both run."""


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
            raise ScanError(
                f"engine openvino runs on the CPU only, not on {device}: use --device cpu, or leave --engine out."
            )
        openvino_library()


def fold_batch_norm(network: nn.Module) -> nn.Module:
    """A copy of a trained network for inference only, without the batch norm of its MONAI ``Convolution`` blocks.

    In eval mode batch norm is a scale and a shift a channel, which the convolution's weights and bias can carry.
    Networks without such blocks are copied as they are.
    """
    folded = deepcopy(network).eval()
    for block in folded.modules():
        norm = getattr(getattr(block, "adn", None), "N", None)
        if isinstance(block, Convolution) and isinstance(norm, nn.BatchNorm2d) and isinstance(block.conv, nn.Conv2d):
            block.conv, block.adn.N = fuse_conv_bn_eval(block.conv, norm), nn.Identity()
    return folded
