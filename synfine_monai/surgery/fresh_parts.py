"""The last layers of a network made anew, so that what they learned on synthetic images does not stay in the way."""

import difflib

import torch
from torch import nn

from synfine_monai.errors import ScanError
from synfine_monai.networks import TRANSVERSAL
from synfine_monai.surgery.tuning import ALONE

__all__ = ["PARTS", "check_reinitialise", "reinitialise"]

PARTS = {"none": (), "head": ("head",), "last_block": ("up_1", "head")}
"""Words of ``--reinitialise`` -> modules of the network that start anew."""


def check_reinitialise(part: str, tune: str) -> None:
    """Refuse an unknown word, and a way to tune that would leave random layers as they are.

    Args:
        part: word of ``--reinitialise``.
        tune: word of ``--tune``, a known one.

    Raises:
        ScanError: naming the way out.
    """
    if part not in PARTS:
        near = difflib.get_close_matches(str(part), PARTS, n=1, cutoff=0.0)[0]
        raise ScanError(f"reinitialise has no '{part}': did you mean '{near}'? There are {', '.join(PARTS)}.")
    if tune in ALONE and tune != "none":
        return
    parts = {**TRANSVERSAL, "last_layer": ("head",)}
    trained = {module for word in map(str.strip, tune.split("+")) for module in parts.get(word, (word,))}
    left = [module for module in PARTS[part] if module not in trained]
    if left:
        raise ScanError(
            f"--reinitialise {part} makes '{left[0]}' random, but --tune {tune} does not train it: tune "
            f"'{'+'.join([*([] if tune == 'none' else [tune]), *left])}' or 'all', or reinitialise none."
        )


def reinitialise(network: nn.Module, part: str, seed: int = 0) -> None:
    """Give the layers of ``part`` torch's default initialisation, in place.

    Batch norm in it starts as the identity: mean 0, variance 1, scale 1, shift 0. The same seed gives the same layers,
    and the global random state stays as it is.

    Args:
        network: with the modules that ``PARTS`` names.
        part: "none", "head" or "last_block".
        seed: of the initialisation.
    """
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        for path in PARTS[part]:
            for module in network.get_submodule(path).modules():
                if hasattr(module, "reset_parameters"):
                    module.reset_parameters()
