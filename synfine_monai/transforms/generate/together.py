"""Parts that happen together or not at all: a rock with clay, or a clean one."""

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from monai.transforms import Compose, Randomizable, Transform

__all__ = ["RandTogether"]


class RandTogether(Randomizable, Transform):
    """Apply all of ``parts`` with probability ``prob``, else none.

    Args:
        parts: transforms of a sample, random or not; within the group they keep their own chances.
        prob: chance of the group.
    """

    def __init__(self, parts: Sequence[Transform], prob: float) -> None:
        self.parts, self.prob = Compose(list(parts), map_items=False), prob

    def set_random_state(self, seed: int | None = None, state: np.random.RandomState | None = None) -> "RandTogether":
        """Seed the group; its parts draw in turn from the same state."""
        super().set_random_state(seed, state)
        for part in self.parts.transforms:
            if isinstance(part, Randomizable):
                part.set_random_state(state=self.R)
        return self

    def __call__(self, sample: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        return self.parts(dict(sample)) if self.R.uniform() < self.prob else dict(sample)
