"""Run a network in bfloat16 where the machine gains by it."""

from collections.abc import Callable
from typing import Any

import torch
from monai.inferers import Inferer, SimpleInferer

from synfine_monai.errors import ScanError

PRECISIONS = ("auto", "float32", "bfloat16")


class MixedPrecisionInferer(Inferer):
    """Autocast the network to bfloat16, channels last, and give float32 logits back.

    MONAI's ``amp`` is for CUDA alone and scales the loss; bfloat16 needs no scaling, so gradients, and what is measured
    on them, are true.

    Args:
        inferer: what calls the network; None for one plain call.
        precision: "float32", "bfloat16", or "auto": bfloat16 where ``fast_bfloat16`` says so.

    Raises:
        ScanError: if the precision is unknown.
    """

    def __init__(self, inferer: Inferer | None = None, precision: str = "auto") -> None:
        super().__init__()
        if precision not in PRECISIONS:
            raise ScanError(f"precision '{precision}' is unknown: use one of {', '.join(PRECISIONS)}.")
        self.inferer, self.precision = inferer or SimpleInferer(), precision

    def __call__(
        self, inputs: torch.Tensor, network: Callable[..., torch.Tensor], *args: Any, **kwargs: Any
    ) -> torch.Tensor:
        inputs = inputs.contiguous(memory_format=torch.channels_last) if inputs.dim() == 4 else inputs
        with torch.autocast(inputs.device.type, torch.bfloat16, enabled=self.is_low(inputs.device)):
            return self.inferer(inputs, network, *args, **kwargs).float()

    def is_low(self, device: torch.device) -> bool:
        """Whether a network on ``device`` runs in bfloat16."""
        return self.precision == "bfloat16" or (self.precision == "auto" and fast_bfloat16(device))


def fast_bfloat16(device: torch.device) -> bool:
    """Whether bfloat16 is faster than float32: on GPUs since Ampere, and on CPUs with bfloat16 instructions."""
    if device.type == "cuda":
        return torch.cuda.get_device_capability(device)[0] >= 8
    return device.type == "cpu" and "avx512_bf16" in _cpu_capabilities()


def _cpu_capabilities() -> set[str]:
    found = getattr(torch.cpu, "_is_avx512_bf16_supported", None)
    return {"avx512_bf16"} if found is not None and found() else set()
