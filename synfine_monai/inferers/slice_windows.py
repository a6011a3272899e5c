"""A 2-D network over the slices of a slab, in windows that overlap so far that no border shows."""

from collections.abc import Callable
from math import ceil
from typing import Any

import torch
from monai.inferers import Inferer, sliding_window_inference
from torch.nn.functional import pad

from synfine_monai.conventions import POOLING, REACH

WINDOW = 576
"""Side that suits plain torch on a CPU."""

PIXELS_PER_PASS = {"cpu": 1 << 18, "cuda": 1 << 22}
"""Pixels that a network sees at once: on a CPU what its caches hold (2^18 is 1.7 times as fast as 2^20)."""


class SliceWindowInferer(Inferer):
    """Segment a slab slice by slice: small slices whole and several at once, large ones in windows.

    Neighbouring windows overlap by twice ``margin``, and the outer ``margin`` of a window counts only where nothing
    else covers it. With a margin as wide as the network's reach, the result is that of the whole slice, seamless and
    equal but for rounding. MONAI's own blending would cost more overlap and only smooth the seams.

    Args:
        window: largest side of a window in pixels; slices are divided evenly into as few windows as fit. None for the
            ``window`` of the network where it has one, as an ``EngineNetwork`` does, else 576.
        margin: reach of the network in pixels; 24 covers ``RockUNet``.
        divisible: sides and positions of windows are multiples of it: the network's total pooling.
        pixels_per_pass: how many pixels the network gets at once, at least one window; None for the device's default.

    Shapes:
        slab (B, C, D, H, W) float, any D, H and W -> logits (B, K, D, H, W), of the network's classes K.

    Raises:
        ValueError: if the window is below four margins, or does not fit ``divisible``.
    """

    def __init__(
        self,
        window: int | None = None,
        margin: int = REACH,
        divisible: int = POOLING,
        pixels_per_pass: int | None = None,
    ) -> None:
        super().__init__()
        given = WINDOW if window is None else window
        # narrower ones would start within the outermost margin of their neighbour, where nothing but margins meets
        if given < 4 * margin or given % divisible or margin % divisible:
            raise ValueError(
                f"window {given} must be at least four times the margin {margin}, and both multiples of {divisible}."
            )
        self.window, self.margin, self.divisible, self.pixels_per_pass = window, margin, divisible, pixels_per_pass

    def __call__(
        self, inputs: torch.Tensor, network: Callable[..., torch.Tensor], *args: Any, **kwargs: Any
    ) -> torch.Tensor:
        batch, _, depth, height, width = inputs.shape
        slices = inputs.transpose(1, 2).flatten(0, 1)
        if height % self.divisible or width % self.divisible:
            slices = pad(slices, [0, -width % self.divisible, 0, -height % self.divisible], mode="replicate")
        window = self.window or getattr(network, "window", WINDOW)
        sides = [self._side(size, window) for size in slices.shape[-2:]]
        tiled = [side < size for side, size in zip(sides, slices.shape[-2:], strict=True)]
        limit = self.pixels_per_pass or PIXELS_PER_PASS.get(inputs.device.type, PIXELS_PER_PASS["cuda"])
        count = max(1, limit // (sides[0] * sides[1]))
        if not any(tiled):
            parts = [network(part, *args, **kwargs) for part in slices.split(count)]
            logits = torch.cat(parts) if len(parts) > 1 else parts[0]
        else:
            logits = sliding_window_inference(
                slices,
                roi_size=sides,
                sw_batch_size=count,
                predictor=lambda windows: network(windows, *args, **kwargs),
                overlap=[self._overlap(side) if many else 0.0 for side, many in zip(sides, tiled, strict=True)],
                roi_weight_map=torch.outer(*map(self._weights, sides, tiled)).to(inputs.device),
            )
        return logits[..., :height, :width].unflatten(0, (batch, depth)).transpose(1, 2)

    def _side(self, size: int, window: int) -> int:
        """Side of the fewest equal windows that cover ``size`` pixels with their overlap."""
        overlap = 2 * self.margin
        count = max(1, ceil((size - overlap) / (window - overlap)))
        return self.divisible * ceil((size + (count - 1) * overlap) / count / self.divisible)

    def _overlap(self, side: int) -> float:
        """As a share of the window; half a pixel less, because MONAI rounds the step down."""
        return (2 * self.margin - 0.5) / side

    def _weights(self, side: int, tiled: bool) -> torch.Tensor:
        """Along one side of a window: 1 in its middle, next to nothing in its margins."""
        weights = torch.ones(side)
        if tiled:
            weights[: self.margin] = weights[-self.margin :] = 1e-6
        return weights
