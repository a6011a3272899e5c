"""A corruption with random severity, for any corruption: the randomness lives here, the physics in the corruption."""

from collections.abc import Hashable, Mapping

import torch
from monai.config import KeysCollection
from monai.transforms import MapTransform, Randomizable, Transform


class RandCorruptd(Randomizable, MapTransform):
    """Apply ``corruption`` to all ``keys`` alike, with parameters drawn log-uniformly from ``ranges``.

    Args:
        keys: entries to corrupt, (C, [D,] H, W) attenuations.
        corruption: class of the corruption, called as ``corruption(**parameters, generator=...)``.
        ranges: parameter name -> (lowest, highest), both > 0.
        prob: chance that anything is changed.

    Raises:
        ValueError: if a range is not positive or runs backwards.
    """

    def __init__(
        self,
        keys: KeysCollection,
        corruption: type[Transform],
        ranges: Mapping[str, tuple[float, float]],
        prob: float = 0.5,
    ) -> None:
        super().__init__(keys)
        for name, (low, high) in ranges.items():
            if not 0 < low <= high:
                raise ValueError(f"the range of {name} must be positive and rise, got [{low}, {high}].")
        self.corruption, self.ranges, self.prob = corruption, dict(ranges), prob

    def randomize(self, data: object = None) -> None:
        self.applies = self.R.uniform() < self.prob
        self.parameters = {name: low * (high / low) ** self.R.uniform() for name, (low, high) in self.ranges.items()}
        self.pixel_seed = int(self.R.randint(2**31))

    def __call__(self, data: Mapping[Hashable, torch.Tensor]) -> dict[Hashable, torch.Tensor]:
        self.randomize()
        out = dict(data)
        for key in self.key_iterator(out) if self.applies else ():
            generator = torch.Generator(out[key].device).manual_seed(self.pixel_seed)
            out[key] = self.corruption(**self.parameters, generator=generator)(out[key])
        return out
