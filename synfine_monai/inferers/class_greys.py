"""How grey each class is in the scans that a network was trained on: what lets its model travel to other scans."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import nn

from synfine_monai.conventions import NORMALISATION, OUTSIDE, REACH
from synfine_monai.data import LabelledSlice, Task, specimen_statistics
from synfine_monai.inferers.slice_windows import SliceWindowInferer
from synfine_monai.survey import RawScale, describe_grey_levels

WINDOW = 192  # side of the part of a slice that is looked at
WINDOWS = 24  # spread over the core, whose middle and rim differ


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
    random = np.random.default_rng(0)
    parts = [_window(slices[k], random) for k in _evenly(len(slices))]
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


def _window(one: LabelledSlice, random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Image of a window around a place of the core, from its middle to its rim alike, and where it counts.

    What the network sees at the window's border is not what it sees in the slice, and does not count.
    """
    rows, columns = np.nonzero(one.fov)
    place = random.integers(len(rows)) if len(rows) else 0
    corners = [
        int(np.clip(at[place] - WINDOW // 2, 0, max(0, size - WINDOW))) if len(at) else 0
        for at, size in zip((rows, columns), one.fov.shape, strict=True)
    ]
    cut = tuple(slice(corner, corner + WINDOW) for corner in corners)
    counted, (height, width) = np.zeros_like(one.fov), one.fov.shape
    ends = [(corner + REACH * (corner > 0), corner + WINDOW - REACH * (corner + WINDOW < size))
            for corner, size in zip(corners, (height, width), strict=True)]  # fmt: skip
    counted[ends[0][0] : ends[0][1], ends[1][0] : ends[1][1]] = True
    return np.ascontiguousarray(one.image[cut]), (one.fov & counted)[cut]


def _classes(logits: torch.Tensor, fov: np.ndarray) -> np.ndarray:
    return np.where(fov, logits.argmax(1)[0, 0].cpu().numpy(), OUTSIDE).astype(np.uint8)
