"""A small network to segment with."""

from pathlib import Path

import torch

from synfine_monai.networks import FORMAT_VERSION, RockUNet, architecture_of, save_model


def save_small_model(folder: Path) -> None:
    """Write ``model.pt`` of three classes with random weights; every class wins somewhere."""
    torch.manual_seed(1)
    network = RockUNet(num_classes=3, channels=(4, 6, 8))
    with torch.inference_mode():
        network.head.bias.data -= network.eval()(torch.randn(1, 1, 64, 64)).mean((0, 2, 3))
    info = {"labels": ["a", "b", "c"], "phases": [["matrix"], ["pore"], ["dense"]], "pore_labels": [1]}
    file = {"format_version": FORMAT_VERSION, "architecture": architecture_of(network), "normalisation": "zscore"}
    save_model(network, {**file, **info}, folder / "model.pt")
