"""Test-time flips: a slice is segmented in several orientations, and the probabilities are averaged."""

from collections.abc import Callable, Iterator
from typing import Any

import torch
from monai.inferers import Inferer

from synfine_monai.errors import ScanError
from synfine_monai.inferers.member_mean import MemberInferer, members_of

__all__ = ["FlipAverageInferer"]

MIRRORS = ((), (-1,), (-2,), (-2, -1))


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
