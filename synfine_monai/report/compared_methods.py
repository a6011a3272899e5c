"""What an evaluation compares: labelled slices, the network, others beside it, and the stored baselines."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from monai.inferers import Inferer
from torch import nn

from synfine_monai.baselines import load_baselines
from synfine_monai.data import LabelledSlice, Task
from synfine_monai.handlers import Predictor
from synfine_monai.networks import check_classes, find_checkpoint, load_network, read_model_info


def slice_samples(slices: Sequence[LabelledSlice]) -> list[dict[str, Any]]:
    """MONAI samples of labelled slices: "image" (1, H, W) float32, "label" (1, H, W) uint8, and their number."""
    return [
        {"image": torch.from_numpy(s.image[None]), "label": torch.from_numpy(s.label[None]), "index": i}
        for i, s in enumerate(slices)
    ]


def other_methods(
    compare: Mapping[str, str],
    checkpoint: Path,
    inferer: Inferer,
    device: torch.device | str,
    task: Task,
    bundle_root: str,
) -> dict[str, Predictor]:
    """Models to compare with, and the baselines stored beside ``checkpoint`` (a note says if there are none).

    Raises:
        ScanError: if a model is missing or has other classes than the task.
    """
    methods: dict[str, Predictor] = {}
    for name, other in compare.items():
        path = find_checkpoint(other, bundle_root)
        check_classes(read_model_info(path), task)
        methods[name] = network_method(load_network(path), inferer, device)
    baselines = load_baselines(checkpoint.parent / "baselines")
    if not baselines:
        print(f"Note: no baselines are stored beside {checkpoint}, so that they are left out of the table.")
    return {**methods, **{name: baseline.predict for name, baseline in baselines.items()}}


def network_method(network: nn.Module, inferer: Inferer, device: torch.device | str) -> Predictor:
    """A network as what ``EvaluationReport`` calls: (image (H, W), field of view) -> classes (H, W) uint8."""
    network = network.to(device).eval()

    @torch.no_grad()
    def predict(image: np.ndarray, fov: np.ndarray) -> np.ndarray:
        logits = inferer(torch.from_numpy(image[None, None]).to(device), network)
        return logits.argmax(1)[0].to(torch.uint8).cpu().numpy()

    return predict
