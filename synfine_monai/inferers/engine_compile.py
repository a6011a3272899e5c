"""A network compiled by torch, at its first call in each process."""

from collections.abc import Callable
from typing import Any

import torch
from torch import nn
from torch._dynamo.exc import TorchDynamoException

from synfine_monai.errors import ScanError

__all__ = ["CompiledNetwork"]


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
            raise ScanError(f"engine compile does not work here ({reason}): it needs a C++ compiler, and Triton on a "
                            "GPU. Use --engine eager.") from problem  # fmt: skip

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_compiled": None}
