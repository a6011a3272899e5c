"""Means over members: several models of the same classes, or the orientations of one slice."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import torch
from monai.inferers import Inferer
from torch import nn

from synfine_monai.errors import ScanError
from synfine_monai.inferers.member_mean import MemberInferer, members_of
from synfine_monai.networks import find_checkpoint, load_network, read_model_info, weights_hash

SHARED = {"labels": "classes", "phases": "phases", "pore_labels": "pore labels", "normalisation": "normalisation"}
"""Keys of ``model.json`` in which the members must agree -> what they are called."""
MIRRORS = ((), (-1,), (-2,), (-2, -1))


class EnsembleInferer(MemberInferer):
    """Mean over the networks of a ``ModuleList``; a network that is none is the only member."""

    def members(
        self, inputs: torch.Tensor, network: Callable[..., torch.Tensor], *args: Any, **kwargs: Any
    ) -> Iterator[torch.Tensor]:
        """Logits of each network."""
        for one in network if isinstance(network, nn.ModuleList) else [network]:
            yield from members_of(self.inferer, inputs, one, *args, **kwargs)


def ensemble_files(first: str | Path, more: str | Sequence[str] | None, bundle_root: str | Path) -> list[Path]:
    """The ``model.pt`` of each member, the first one first.

    Args:
        first: the checkpoint that is used without an ensemble, already found.
        more: further checkpoints as ``find_checkpoint`` takes them, a list or separated by commas; None for none.
        bundle_root: folder of the bundle.

    Raises:
        ScanError: if one does not exist, is given twice, or differs from the first in its classes, pore labels or
            normalisation.
    """
    names = (more.split(",") if isinstance(more, str) else more) or []
    files = [Path(first)]
    for name in map(str.strip, map(str, names)):
        file = find_checkpoint(name, bundle_root)
        if file is None:
            raise ScanError(f"--ensemble names '{name}', which is no model: give a model.pt or a results folder.")
        if any(file.resolve() == known.resolve() for known in files):
            raise ScanError(f"--ensemble names {file} twice: give each model once, the one of --checkpoint included.")
        _refuse_strangers(files[0], file)
        files.append(file)
    return files


def ensemble_hashes(files: Sequence[str | Path]) -> list[str | None]:
    """Short hash of each member's weights."""
    return [weights_hash(file) for file in files]


def load_ensemble(files: Sequence[str | Path]) -> nn.Module:
    """The network of a single file, or a ``ModuleList`` of several, in eval mode.

    Raises:
        ScanError: if weights do not fit their network, or a file is damaged.
    """
    networks = [load_network(file) for file in files]
    return networks[0] if len(networks) == 1 else nn.ModuleList(networks).eval()


def _refuse_strangers(first: Path, other: Path) -> None:
    expected, found = read_model_info(first), read_model_info(other)
    for key, called in SHARED.items():
        if expected[key] != found[key]:
            raise ScanError(
                f"{other} cannot join the ensemble: its {called} are {found[key]}, those of {first} {expected[key]}."
            )


class FlipAverageInferer(MemberInferer):
    """Mean over a slice as it is, mirrored, and turned by quarter turns; training sees the same eight orientations.

    A quarter turn needs no square: an H×W slice is segmented as a W×H one. So the orientations never depend on the
    sides of a slab.

    Args:
        inferer: segments the slices of a slab.
        flips: 1 (none), 4 (mirrored along either side and both) or 8 (these, and with rows and columns exchanged).
        disagreement: as ``MemberInferer``.

    Raises:
        ScanError: for another number of flips.
    """

    def __init__(self, inferer: Inferer, flips: int = 8, disagreement: bool = False) -> None:
        super().__init__(inferer, disagreement)
        if flips not in (1, 4, 8):
            raise ScanError(f"--flips takes 1 (none), 4 or 8, got {flips!r}.")
        self.flips = int(flips)

    def members(
        self, inputs: torch.Tensor, network: Callable[..., torch.Tensor], *args: Any, **kwargs: Any
    ) -> Iterator[torch.Tensor]:
        """Logits of each orientation, turned back."""
        for number in range(self.flips):
            mirror, exchanged = MIRRORS[number % 4], number >= 4
            turned = (inputs.transpose(-2, -1) if exchanged else inputs).flip(mirror)
            for logits in members_of(self.inferer, turned, network, *args, **kwargs):
                back = logits.flip(mirror)
                yield back.transpose(-2, -1) if exchanged else back
