"""How fast engines are on windows of a scan, and how many labels they change."""

import time
from collections.abc import Callable, Sequence
from functools import cached_property

import torch
from torch import nn

from synfine_monai.data import read_slab
from synfine_monai.inferers.engine import EAGER_FLOAT32, Engine, engine_network
from synfine_monai.inferers.slice_windows import PIXELS_PER_PASS, SliceWindowInferer
from synfine_monai.scans import Scan
from synfine_monai.survey import FieldOfView, IntensityStatistics

SIDE = 512
"""Of the windows, at most."""

ROUNDS = 2
"""Fewest times that each engine is timed; the fastest counts, as other programs only ever slow it down."""


class EngineBench:
    """Runs one network on the same windows by several engines.

    Args:
        network: on its device; of an ensemble, the first member is run.
        windows: (1, C, D, H, W) float32 on the same device, normalised.
        clock: seconds.
    """

    def __init__(
        self, network: nn.Module, windows: torch.Tensor, clock: Callable[[], float] = time.perf_counter
    ) -> None:
        self.network, self.windows, self.clock = network, windows, clock
        self._networks: dict[Engine, nn.Module] = {}
        self._shares: dict[Engine, float] = {}

    def network_of(self, engine: Engine) -> nn.Module:
        """The network, or the whole ensemble, for one engine; compiled once, whatever is asked of it."""
        if engine not in self._networks:
            self._networks[engine] = engine_network(self.network, engine)
        return self._networks[engine]

    @torch.no_grad()
    def logits(self, engine: Engine) -> torch.Tensor:
        """Logits (1, K, D, H, W) of the windows, float32."""
        network = self.network_of(engine)
        member = network[0] if isinstance(network, nn.ModuleList) else network
        return SliceWindowInferer()(self.windows, member)

    def differing(self, engine: Engine) -> float:
        """Share of the windows' labels, 0 to 1, that are others than those of eager float32."""
        if engine not in self._shares:
            self._shares[engine] = (self.logits(engine).argmax(1) != self._expected).float().mean().item()
        return self._shares[engine]

    def seconds(self, engines: Sequence[Engine], budget: float = 1.0) -> dict[Engine, float]:
        """Seconds that each engine takes for the windows at best, in turns.

        Args:
            engines: those that were called before; first calls take longer.
            budget: seconds for all of them; each has ``ROUNDS`` turns at least.
        """
        best = dict.fromkeys(engines, float("inf"))
        began, rounds = self.clock(), 0
        while rounds < ROUNDS or self.clock() - began < budget:
            for engine in engines:
                start = self.clock()
                self.logits(engine).flatten()[-1].item()  # waits for a GPU
                best[engine] = min(best[engine], self.clock() - start)
            rounds += 1
        return best

    @cached_property
    def _expected(self) -> torch.Tensor:
        return self.logits(EAGER_FLOAT32).argmax(1)


def middle_windows(
    scan: Scan, field_of_view: FieldOfView, statistics: IntensityStatistics, device: torch.device
) -> torch.Tensor:
    """As much of the middle of a scan as its network sees at once, normalised: (1, 1, D, H, W) float32 on ``device``.

    Raises:
        ScanError: if it cannot be read, or holds NaN.
    """
    depth, *sides = scan.shape
    height, width = (min(side, SIDE) for side in sides)
    pixels = PIXELS_PER_PASS.get(device.type, PIXELS_PER_PASS["cuda"])
    count = min(depth, max(1, pixels // (height * width)))
    start = (depth - count) // 2
    image = read_slab(scan, field_of_view, statistics, start, start + count)["image"]
    top, left = (sides[0] - height) // 2, (sides[1] - width) // 2
    return image[None, ..., top : top + height, left : left + width].contiguous().to(device)
