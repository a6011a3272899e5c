"""How grey each class is in the scans that a network was trained on: what lets its model travel to other scans."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import nn

from synfine_monai.conventions import NORMALISATION, OUTSIDE
from synfine_monai.data import LabelledSlice, Task, specimen_statistics
from synfine_monai.inferers.slice_windows import SliceWindowInferer
from synfine_monai.survey import RawScale, describe_grey_levels

WINDOW = 320  # side of the part of a slice that is looked at
WINDOWS = 6


def training_grey_levels(
    network: nn.Module, slices: Sequence[LabelledSlice], task: Task, normalisation: str = NORMALISATION
) -> dict[str, Any]:
    """What ``model.json`` keeps as "grey_levels", from windows of the training slices as the network segments them.

    The network's classes rather than the labels: these cover what the few labels leave out, boundaries above all.

    Args:
        network: trained, on any device.
        slices: of training, normalised.
        task: that they belong to.
        normalisation: by which they were normalised.
    """
    specimens = dict.fromkeys(one.specimen for one in slices)
    scales = [specimen_statistics(task, specimen, normalisation) for specimen in specimens]
    parts = [_window(slices[k], place) for place, k in enumerate(_evenly(len(slices)))]
    device, was_training = next(network.parameters()).device, network.training
    infer = SliceWindowInferer()
    network.eval()
    with torch.inference_mode():
        classes = [_classes(infer(torch.from_numpy(i)[None, None, None].to(device), network), fov) for i, fov in parts]
    network.train(was_training)
    images = [image for image, _ in parts]
    return describe_grey_levels([RawScale(s.dtype, s.center, s.scale) for s in scales], images, classes).to_dict()


def _evenly(count: int) -> list[int]:
    """Slices that are looked at, one for each window; few slices are looked at in several places."""
    return np.linspace(0, count - 1, WINDOWS).round().astype(int).tolist()


def _window(one: LabelledSlice, place: int) -> tuple[np.ndarray, np.ndarray]:
    """Image and field of view of a window at the ``place``-th spot of the core: its middle, corners, ..."""
    corners = []
    for axis, at in enumerate(((0.5, 0.5), (0.1, 0.5), (0.9, 0.5), (0.5, 0.1), (0.5, 0.9), (0.3, 0.7))[place]):
        inside = np.flatnonzero(one.fov.any(1 - axis))
        low, high = inside[0], max(inside[0], inside[-1] + 1 - WINDOW)
        corners.append(round(low + at * (high - low)))
    cut = tuple(slice(corner, corner + WINDOW) for corner in corners)
    return np.ascontiguousarray(one.image[cut]), one.fov[cut]


def _classes(logits: torch.Tensor, fov: np.ndarray) -> np.ndarray:
    return np.where(fov, logits.argmax(1)[0, 0].cpu().numpy(), OUTSIDE).astype(np.uint8)
