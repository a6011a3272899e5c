"""The mean of what several members say of the same voxels, added up as they come."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import torch
from monai.inferers import Inferer


class MemberSum:
    """Running sums of the members' probabilities, and of their votes where disagreement is asked for.

    Holds 4 bytes a voxel and class, and 2 more for votes, however many members there are.

    Args:
        shape: (B, D, H, W) of the slab.
        disagreement: whether to count votes; a member votes for its most probable class.
    """

    def __init__(self, shape: tuple[int, int, int, int], disagreement: bool = False) -> None:
        self.shape, self.disagreement = tuple(shape), disagreement
        self._said: torch.Tensor | None = None
        self._votes: torch.Tensor | None = None
        self._voxels = 0

    def add(self, logits: torch.Tensor, dim: int = 2, start: int = 0) -> None:
        """Add what one member says of the whole slab, or of a part of it.

        Args:
            logits: (B, K, D, H, W); along ``dim`` it may be shorter than the slab.
            dim: along which the part is taken.
            start: of the part.
        """
        classes = logits.shape[1]
        if self._said is None:
            batch, *sides = self.shape
            self._said = torch.zeros(batch, classes + self.disagreement, *sides, device=logits.device)
            if self.disagreement:
                self._votes = torch.zeros(batch, classes, *sides, device=logits.device, dtype=torch.int16)
        part = (dim, start, logits.shape[dim])
        self._said[:, :classes].narrow(*part).add_(logits.float().softmax(1))
        if self.disagreement:
            voted = _at_largest(logits, torch.arange(classes, dtype=torch.uint8, device=logits.device))
            for k, votes in enumerate(self._votes.narrow(*part).unbind(1)):
                votes.add_(voted == k)
        self._voxels += logits[:, 0].numel()

    def result(self) -> torch.Tensor:
        """Logarithm of the mean probabilities, which are logits: their softmax is the mean.

        Returns:
            (B, K, D, H, W) float32; with ``disagreement`` (B, K + 1, D, H, W), the last channel being the share of
            members, 0 to 1, that vote for another class than the one of the largest mean probability (1 where that is
            a compromise that no member voted for). It takes the memory of the sums, so ask once.
        """
        members = self._voxels / self._said[:, 0].numel()
        said = self._said[:, : self._said.shape[1] - self.disagreement]
        if self.disagreement:
            self._said[:, -1] = 1 - _at_largest(said, self._votes.unbind(1)) / members
        said.div_(members).clamp_min_(torch.finfo(said.dtype).tiny).log_()
        return self._said


class MemberInferer(Inferer, ABC):
    """An inferer that asks several members, such as flips or networks, and gives the logarithm of their mean.

    Members of an inferer inside count one by one: four flips of three networks are twelve members, all alike.

    Args:
        inferer: what each member calls; its output are logits.
        disagreement: also measure it, see ``MemberSum.result``; to be set on the outermost inferer only.

    Shapes:
        slab (B, C, D, H, W) float -> logits (B, K, D, H, W) float32, or K + 1 channels with ``disagreement``. A single
        member's logits come as they are.

    Raises:
        ValueError: if an inferer inside measures disagreement.
    """

    def __init__(self, inferer: Inferer, disagreement: bool = False) -> None:
        super().__init__()
        refuse_inner_disagreement(inferer)
        self.inferer, self.disagreement = inferer, disagreement

    @abstractmethod
    def members(
        self, inputs: torch.Tensor, network: Callable[..., torch.Tensor], *args: Any, **kwargs: Any
    ) -> Iterator[torch.Tensor]:
        """Logits (B, K, D, H, W) of one member after the other, each in the slab's own orientation."""

    def __call__(
        self, inputs: torch.Tensor, network: Callable[..., torch.Tensor], *args: Any, **kwargs: Any
    ) -> torch.Tensor:
        members = self.members(inputs, network, *args, **kwargs)
        logits, second = next(members), next(members, None)
        if second is None and not self.disagreement:
            return logits
        total = MemberSum((inputs.shape[0], *inputs.shape[2:]), self.disagreement)
        total.add(logits)
        while second is not None:
            total.add(second)
            second = next(members, None)
        return total.result()


def members_of(
    inferer: Inferer, inputs: torch.Tensor, network: Callable[..., torch.Tensor], *args: Any, **kwargs: Any
) -> Iterator[torch.Tensor]:
    """Logits of an inferer's members, or of itself where it has none."""
    if isinstance(inferer, MemberInferer):
        yield from inferer.members(inputs, network, *args, **kwargs)
    else:
        yield inferer(inputs, network, *args, **kwargs)


def _at_largest(said: torch.Tensor, entries: Iterable[torch.Tensor]) -> torch.Tensor:
    """The entry of the first largest class at each voxel; class by class, as ``argmax`` is slow on CPUs.

    Args:
        said: (B, K, D, H, W).
        entries: K of (B, D, H, W), or single numbers.
    """
    best, found = said[:, 0], None
    for one, entry in zip(said.unbind(1), entries, strict=True):
        found = entry if found is None else torch.where(one > best, entry, found)
        best = torch.maximum(best, one)
    return found


def refuse_inner_disagreement(inferer: Inferer) -> None:
    """Refuse to average an inferer whose last channel is no logit.

    Raises:
        ValueError: if it measures disagreement.
    """
    if getattr(inferer, "disagreement", False):
        raise ValueError(
            f"{type(inferer).__name__} measures disagreement inside another inferer: set disagreement on "
            "the outermost one only."
        )
