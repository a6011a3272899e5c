"""The architecture that a training starts with: a checkpoint's, with the task's classes, or one by its name."""

import difflib
from collections.abc import Mapping
from typing import Any

from torch import nn

from synfine_monai.errors import ScanError
from synfine_monai.networks.diffusion_denoiser import DiffusionDenoiser, DiffusionSegmenter
from synfine_monai.networks.model_file import build_network
from synfine_monai.networks.names import network_class
from synfine_monai.networks.rock_denoiser import RockDenoiser
from synfine_monai.networks.rock_unet import RockUNet

DENOISERS: Mapping[str, type[RockDenoiser] | type[DiffusionDenoiser]] = {
    "rock_unet": RockDenoiser,
    "diffusion_unet": DiffusionDenoiser,
}
"""Words of ``--architecture`` of the hybrid pre-training."""

SEGMENTERS = (RockUNet, DiffusionSegmenter)


def starting_network(info: Mapping[str, Any], num_classes: int) -> nn.Module:
    """A network of a checkpoint's architecture with new weights and a task's number of classes.

    Args:
        info: from ``read_model_info``; empty from scratch, which gives a :class:`RockUNet`.
        num_classes: of the task.

    Raises:
        ScanError: if the checkpoint holds no segmenter, or as ``build_network``.
    """
    if not info:
        return RockUNet(1, num_classes)
    kind = network_class(info["architecture"].get("_target_"))
    if kind not in SEGMENTERS:
        raise ScanError(f"the checkpoint holds a {kind.__name__} and no segmenter: give the model.pt of a training.")
    return build_network({**info["architecture"], "num_classes": num_classes})


def new_denoiser(name: str, num_classes: int) -> RockDenoiser | DiffusionDenoiser:
    """A denoiser for ``num_classes`` phases with new weights, by its word of ``--architecture``.

    Raises:
        ScanError: as :func:`check_architecture`.
    """
    return DENOISERS[check_architecture(name)](num_classes)


def check_architecture(name: str) -> str:
    """A word of ``--architecture``, as it is.

    Raises:
        ScanError: if there is no such network; the nearest is named.
    """
    if name not in DENOISERS:
        near = difflib.get_close_matches(str(name), DENOISERS, n=1, cutoff=0.0)[0]
        raise ScanError(f"architecture has no '{name}': did you mean '{near}'? There are {', '.join(DENOISERS)}.")
    return name
