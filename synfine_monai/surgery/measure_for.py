"""Probe a network on real labelled patches, when a word of ``--tune`` asks for it."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import nn

from synfine_monai.surgery.probe import LossFunction
from synfine_monai.surgery.sensitivity import measure_sensitivity
from synfine_monai.surgery.tuning import needs_sensitivity

__all__ = ["probe_batches", "sensitivity_for"]


def probe_batches(
    data: Mapping[str, torch.Tensor], batch_size: int = 8, batches: int = 5, seed: int = 0
) -> list[tuple[torch.Tensor, torch.Tensor]]:
    """At most ``batches`` (input, target) pairs of min(``batch_size``, N) patches, without repetition if N allows."""
    size = min(batch_size, len(data["image"]))
    order = torch.randperm(len(data["image"]), generator=torch.Generator().manual_seed(seed))
    chosen = [order[i : i + size] for i in range(0, len(order) - size + 1, size)][:batches]
    return [(data["image"][c], data["label"][c]) for c in chosen]


def sensitivity_for(
    tune: str, network: nn.Module, loss_function: LossFunction, data: Mapping[str, torch.Tensor], seed: int = 0
) -> dict[str, Any] | None:
    """What ``measure_sensitivity`` gives if ``tune`` needs it (with the signal-to-noise ratio for ``auto_snr``)."""
    if not needs_sensitivity(tune):
        return None
    return measure_sensitivity(
        network, loss_function, probe_batches(data, seed=seed), with_signal_to_noise="auto_snr" in tune
    )
