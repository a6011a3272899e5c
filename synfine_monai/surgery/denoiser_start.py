"""The denoiser that pre-training starts from: random, one that was trained before, or its decoder alone anew."""

from pathlib import Path

from torch import nn

from synfine_monai.errors import ScanError
from synfine_monai.networks import find_denoiser, load_state, load_weights
from synfine_monai.surgery.batch_norm import freeze_batch_norm

__all__ = ["check_trained", "find_start", "start_denoiser"]

ENCODER = ("down_0", "down_1", "down_2")
DECODER = ("up_0", "up_1", "image_head")
TRAINED = ("all", "decoder")


def check_trained(trained: str, checkpoint: str | None) -> None:
    """Refuse an unknown word of ``--trained``, and a decoder on top of a random encoder.

    Raises:
        ScanError: naming the way out.
    """
    if trained not in TRAINED:
        raise ScanError(f"--trained {trained} is unknown: choose {' or '.join(TRAINED)}.")
    if trained == "decoder" and _is_none(checkpoint):
        raise ScanError(
            "--trained decoder needs an encoder that was trained before: give --checkpoint the results folder of a "
            "training with --pretext supervised, say."
        )


def find_start(checkpoint: str | None, bundle_root: str | Path) -> Path | None:
    """The ``denoiser.pt`` that training starts from; None for "none".

    Raises:
        ScanError: as ``find_denoiser``.
    """
    return None if _is_none(checkpoint) else find_denoiser(checkpoint, bundle_root)


def start_denoiser(network: nn.Module, checkpoint: Path | None, trained: str = "all") -> nn.Module:
    """Load a ``denoiser.pt`` into ``network``; for "decoder", freeze all else and make the decoder anew.

    That is decoder denoising pre-training (Brempong et al., CVPR Workshops 2022): the encoder learned with labels, the
    decoder learns to remove noise on top of it. The encoder's batch-norm statistics stay as well.

    Args:
        network: a denoiser of the checkpoint's architecture.
        checkpoint: a ``denoiser.pt``; None leaves the network as it is.
        trained: "all" or "decoder".

    Raises:
        ScanError: if the weights do not fit.
    """
    if checkpoint is None:
        return network
    load_state(network, load_weights(checkpoint), checkpoint)
    if trained == "decoder":
        network.requires_grad_(False)
        for name in ENCODER:
            freeze_batch_norm(network.get_submodule(name))
        for name in DECODER:
            _anew(network.get_submodule(name))
    return network


def _is_none(checkpoint: str | None) -> bool:
    return str(checkpoint or "none").lower() == "none"


def _anew(part: nn.Module) -> None:
    for module in part.modules():
        if hasattr(module, "reset_parameters"):
            module.reset_parameters()
    part.requires_grad_(True)
