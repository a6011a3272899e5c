"""A network run by OpenVINO: on CPUs up to twice as fast as torch at the same precision."""

import sys
import threading
import warnings
from functools import cache
from importlib.util import find_spec
from types import ModuleType
from typing import Any

import torch
from torch import nn

from synfine_monai.conventions import PATCH_SIZE
from synfine_monai.errors import ScanError
from synfine_monai.scans import optional_library

TELEMETRY = "openvino_telemetry"
_COMPILING = threading.Lock()  # tracing is for one thread at a time


class OpenVinoNetwork(nn.Module):
    """A network of one image, on the CPU, in bfloat16 where autocast says so and in float32 elsewhere.

    It is translated and compiled at its first call in each process, with as many threads as torch has there, for images
    of any size. Pickling takes the network alone. Threads may call it at the same time.

    Args:
        network: in eval mode; one tensor in, one tensor out, any sizes. It keeps the weights, and is never called.

    Shapes:
        image (B, C, H, W) float32 on the CPU -> as the network's, float32.

    Raises:
        ScanError: if openvino is not installed; by a call, if the image is not on the CPU.
    """

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        openvino_library()
        self.network = network
        self._graph: Any = None
        self._compiled: dict[tuple[bool, int], Any] = {}

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        """Logits."""
        if image.device.type != "cpu":
            raise ScanError(f"engine openvino runs on the CPU only, not on {image.device}: use --device cpu.")
        low = torch.is_autocast_enabled("cpu") and torch.get_autocast_dtype("cpu") is torch.bfloat16
        request = self._model(image, low, torch.get_num_threads()).create_infer_request()
        return torch.from_numpy(request.infer({0: image.detach().contiguous().numpy()})[0])

    def _model(self, image: torch.Tensor, low: bool, threads: int) -> Any:
        with _COMPILING:
            if (low, threads) not in self._compiled:
                library = openvino_library()
                if self._graph is None:
                    self._graph = self._translated(library, image.shape[1])
                settings = {
                    "INFERENCE_PRECISION_HINT": library.Type.bf16 if low else library.Type.f32,
                    "INFERENCE_NUM_THREADS": threads,
                    "NUM_STREAMS": 1,
                    "ENABLE_CPU_PINNING": False,  # or all processes of a machine crowd on the same cores
                }
                self._compiled[low, threads] = _core().compile_model(self._graph, "CPU", settings)
            return self._compiled[low, threads]

    @torch.no_grad()
    def _translated(self, library: ModuleType, channels: int) -> Any:
        with warnings.catch_warnings(), torch.autocast("cpu", enabled=False):
            warnings.simplefilter("ignore")  # it traces, of which torch and the network's asserts warn
            return library.convert_model(self.network, example_input=torch.zeros(1, channels, PATCH_SIZE, PATCH_SIZE))

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_graph": None, "_compiled": {}}


def has_openvino() -> bool:
    """Whether openvino is installed; it is not imported."""
    return find_spec("openvino") is not None


def openvino_library() -> ModuleType:
    """The module, kept from telling its makers by the internet that it was imported, which it does unasked.

    Raises:
        ScanError: if it is not installed.
    """
    sys.modules.setdefault(TELEMETRY, None)
    return optional_library("openvino", "engine openvino", "fast", "or leave --engine out")


@cache
def _core() -> Any:
    """What compiles, kept to the end of the process.

    Its CPU plugin gives the thread that made it a stack for signals and takes the stack's memory back when it goes,
    unnoticed by that thread if another one lets it go: the next signal, a Ctrl-C say, would then end the process.
    """
    return openvino_library().Core()
