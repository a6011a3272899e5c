"""At the end of tuning, go back part of the way: weights between those before and those after."""

from ignite.engine import Engine, Events
from torch import nn

from synfine_monai.errors import ScanError


class BlendWithStart:
    r"""Ignite handler that makes the weights :math:`\theta_0 + s (\theta - \theta_0)` when a run is complete.

    Few labels move weights by chance as well as for good reasons; half of the way keeps most of what is good.

    Args:
        network: whose weights these are; as it is now, it is the start.
        share: s, 0 to 1; 1 leaves the tuned weights.
        result: the network to change, if it is another (a moving average of the first).

    Raises:
        ScanError: if the share is out of range.

    Source: Wortsman et al., Robust fine-tuning of zero-shot models (CVPR 2022).
    """

    def __init__(self, network: nn.Module, share: float, result: nn.Module | None = None) -> None:
        if isinstance(share, bool) or not isinstance(share, int | float) or not 0 <= share <= 1:
            raise ScanError(f"--blend takes a share from 0 to 1, got {share!r}.")
        self.result, self.share = network if result is None else result, float(share)
        self.start = {name: value.detach().clone() for name, value in network.named_parameters()}

    def attach(self, engine: Engine) -> None:
        """Register on ``engine``."""
        engine.add_event_handler(Events.COMPLETED, self)

    def __call__(self, engine: Engine) -> None:
        for name, value in self.result.named_parameters():
            value.data.copy_(self.start[name].lerp(value.data, self.share))
